-- One server, two databases: no query ever joins them.
CREATE DATABASE pos_product;
CREATE DATABASE pos_order;
