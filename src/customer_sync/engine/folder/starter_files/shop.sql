-- The starter's shop: a table as shops have them, with customers the CRM knows too and two it does not.
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email_address TEXT,
    first TEXT,
    last TEXT,
    phone TEXT,
    country TEXT,
    tier TEXT CHECK (tier IN ('G', 'S', 'B')),
    credit_eur NUMERIC
);
INSERT INTO customers (email_address, first, last, phone, country, tier, credit_eur) VALUES
    ('anna.mueller@alpen.example', 'Anna', 'Müller', NULL, 'DE', 'G', 5000),
    ('jose.garcia@sol.example', 'José', 'García Márquez', '+34912345678', 'ES', 'S', 1200.5),
    ('taro.yamada@fuji.example', '太郎', '山田', NULL, 'JP', NULL, NULL),
    ('emma.johansson@norr.example', 'Emma', 'Johansson', '+46 8 508 290 00', 'SE', 'B', 300),
    ('lucas.vandenberg@tulp.example', 'Lucas', 'van den Berg', '+31 20 788 2400', 'NL', NULL, NULL);
