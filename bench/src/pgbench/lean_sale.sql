WITH placed AS (
  INSERT INTO lean_order.orders VALUES (order_id(:high, :low), 'pending', now()) ON CONFLICT DO NOTHING
)
INSERT INTO lean_order.lines VALUES
  (order_id(:high, :low), 0, product_id(:first), 1),
  (order_id(:high, :low), 1, product_id(:second), 1),
  (order_id(:high, :low), 2, product_id(:third), 1)
ON CONFLICT DO NOTHING;

WITH taken AS (
  UPDATE lean_product.stock SET quantity = quantity - 1, seq = seq + 1
  WHERE product_id IN (product_id(:first), product_id(:second), product_id(:third))
  RETURNING product_id, seq
), decided AS (
  INSERT INTO lean_product.decisions VALUES (order_id(:high, :low), 'held', now())
)
INSERT INTO lean_product.ledger SELECT product_id, seq, order_id(:high, :low), -1, now() FROM taken;

UPDATE lean_order.orders SET status = 'confirmed' WHERE id = order_id(:high, :low);
