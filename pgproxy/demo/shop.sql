-- The schema of the sample shop.  Run as the superuser in the empty database "shop"; the rows
-- follow from shop.py.

ALTER DATABASE shop SET search_path = shop, public;
SET search_path = pg_catalog;

CREATE SCHEMA shop AUTHORIZATION owner_app;
SET ROLE owner_app;

CREATE TABLE shop.customers (
    id integer PRIMARY KEY,
    first_name varchar(40) NOT NULL,
    last_name varchar(40) NOT NULL,
    email text NOT NULL UNIQUE,
    phone text,
    birth_date date,
    city text NOT NULL,
    country text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE shop.products (
    id integer PRIMARY KEY,
    name text NOT NULL,
    category text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL
);

CREATE TABLE shop.orders (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES shop.customers,
    status text NOT NULL,
    total numeric(10, 2) NOT NULL,
    ship_name text,
    ship_city text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX orders_customer_id ON shop.orders (customer_id);

CREATE TABLE shop.order_items (
    order_id integer NOT NULL REFERENCES shop.orders,
    line integer NOT NULL,
    product_id integer NOT NULL REFERENCES shop.products,
    quantity integer NOT NULL,
    price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE shop.payments (
    id integer PRIMARY KEY,
    order_id integer NOT NULL REFERENCES shop.orders,
    card_number varchar(19),
    iban varchar(34),
    amount numeric(10, 2) NOT NULL,
    paid_at timestamptz NOT NULL
);

CREATE TABLE shop.employees (
    id integer PRIMARY KEY,
    first_name varchar(40) NOT NULL,
    last_name varchar(40) NOT NULL,
    email text NOT NULL UNIQUE,
    department text NOT NULL,
    manager_id integer REFERENCES shop.employees,
    ssn char(11) NOT NULL,
    salary integer NOT NULL,
    hired_on date NOT NULL
);

CREATE TABLE shop.support_tickets (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES shop.customers,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE VIEW shop.customer_orders AS
SELECT c.id AS customer_id, c.first_name, c.last_name, c.email, c.country,
       o.id AS order_id, o.status, o.total, o.created_at
FROM shop.customers c
JOIN shop.orders o ON o.customer_id = c.id;

CREATE VIEW shop.employee_directory AS
SELECT e.id, e.first_name, e.last_name, e.email, e.department, m.email AS manager_email
FROM shop.employees e
LEFT JOIN shop.employees m ON m.id = e.manager_id;

GRANT USAGE ON SCHEMA shop TO analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO analyst;
