-- What a sale needs at least: an order with lines here, stock, ledger and decision there.
CREATE FUNCTION order_id(high bigint, low bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
AS $$ SELECT (lpad(to_hex(high), 16, '0') || lpad(to_hex(low), 16, '0'))::uuid $$;
CREATE FUNCTION product_id(number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
AS $$ SELECT lpad(to_hex(number), 32, '0')::uuid $$;

CREATE SCHEMA lean_order;
CREATE TABLE lean_order.orders (id uuid PRIMARY KEY, status text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE lean_order.lines (order_id uuid, line_no int, product_id uuid NOT NULL, quantity bigint NOT NULL,
  PRIMARY KEY (order_id, line_no));

CREATE SCHEMA lean_product;
CREATE TABLE lean_product.stock (product_id uuid PRIMARY KEY, quantity bigint NOT NULL CHECK (quantity >= 0),
  seq bigint NOT NULL);
CREATE TABLE lean_product.ledger (product_id uuid, seq bigint, order_id uuid NOT NULL, quantity bigint NOT NULL,
  at timestamptz NOT NULL, PRIMARY KEY (product_id, seq));
CREATE TABLE lean_product.decisions (order_id uuid PRIMARY KEY, outcome text NOT NULL, at timestamptz NOT NULL);
