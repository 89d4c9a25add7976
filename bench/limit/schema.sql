-- The tables of bench/blog as Mainstay makes them, for a run of the limit alone.
CREATE TABLE blog_user (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX blog_user_email_key ON blog_user (email);

CREATE TABLE blog_post (
  id BLOB NOT NULL PRIMARY KEY,
  author_id BLOB NOT NULL REFERENCES blog_user (id),
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  view_count INTEGER NOT NULL
) STRICT;
CREATE INDEX blog_post_author_created_at ON blog_post (author_id, created_at DESC, id DESC);

CREATE TABLE blog_comment (
  id BLOB NOT NULL PRIMARY KEY,
  post_id BLOB NOT NULL REFERENCES blog_post (id) ON DELETE CASCADE,
  author_id BLOB NOT NULL REFERENCES blog_user (id),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX blog_comment_post_created_at ON blog_comment (post_id, created_at DESC, id DESC);
CREATE INDEX blog_comment_author ON blog_comment (author_id);
