-- Under which number the revenue service knows a tenant. A CPF is a person's, so that it is sealed.
alter table tenants add column tax_id_sealed blob;
