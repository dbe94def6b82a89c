INSERT INTO full_order.orders
  (id, key, request_hash, request, status, created_at, decide_by, next_try_at, tries)
VALUES (
  order_id(:high, :low), order_id(:high, :low)::text,
  uuid_send(order_id(:high, :low)) || uuid_send(order_id(:low, :high)),
  '{"lines":[{"productId":"' || product_id(:first) || '","quantityMilli":1000,"item":0},{"productId":"'
    || product_id(:second) || '","quantityMilli":1000,"item":1},{"productId":"' || product_id(:third)
    || '","quantityMilli":1000,"item":2}]}',
  'pending', now(), now() + interval '15 minutes', now() + interval '3 seconds', 0
) ON CONFLICT DO NOTHING;

WITH taken AS (
  UPDATE full_product.stock SET quantity_milli = quantity_milli - 1000, seq = seq + 1
  WHERE product_id IN (product_id(:first), product_id(:second), product_id(:third))
  RETURNING product_id, seq, quantity_milli
), decided AS (
  INSERT INTO full_product.deductions (order_id, outcome, request_hash, total_minor, decided_at)
  SELECT order_id(:high, :low), 'held', uuid_send(order_id(:high, :low)) || uuid_send(order_id(:low, :high)),
    250 * count(*), now()
  FROM taken
), lines AS (
  INSERT INTO full_product.deduction_lines
    (order_id, line_no, product_id, name, sku, quantity_milli, unit_price_minor, total_minor, flagged, tracked)
  SELECT order_id(:high, :low), row_number() OVER () - 1, id, name, sku, 1000, price_minor, price_minor, false, true
  FROM taken JOIN full_product.products ON id = product_id
)
INSERT INTO full_product.movements
  (product_id, seq, reason, quantity_milli, before_milli, after_milli, order_id, at)
SELECT product_id, seq, 'sale', -1000, quantity_milli + 1000, quantity_milli, order_id(:high, :low), now() FROM taken;

WITH decided AS (
  UPDATE full_order.orders SET status = 'confirmed', decided_at = now(), next_try_at = NULL, total_minor = 750
  WHERE id = order_id(:high, :low) AND status = 'pending'
)
INSERT INTO full_order.order_lines
  (order_id, line_no, product_id, name, sku, quantity_milli, unit_price_minor, total_minor, flagged)
VALUES
  (order_id(:high, :low), 0, product_id(:first),
    'Product number ' || :first, 'SKU-' || :first, 1000, 250, 250, false),
  (order_id(:high, :low), 1, product_id(:second),
    'Product number ' || :second, 'SKU-' || :second, 1000, 250, 250, false),
  (order_id(:high, :low), 2, product_id(:third),
    'Product number ' || :third, 'SKU-' || :third, 1000, 250, 250, false);
