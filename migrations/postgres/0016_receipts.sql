-- What Meta was told of a conversation besides messages.

alter table conversations add column told_read_seq bigint not null default 0;   -- the contact's message that was told to be read
alter table conversations add column told_typing_at bigint not null default 0;  -- when it was last shown that somebody types
