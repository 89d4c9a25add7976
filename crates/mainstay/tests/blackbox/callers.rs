//! Tokens: who may call at all.

use serde_json::json;
use testkit::token;

use crate::fixtures::{ALICE, start};

const OPEN: &str =
    r#"type Thing @entity @allow(read: "true", create: "user != null") { owner: ID! @owner }"#;

#[tokio::test]
async fn a_bad_token_is_refused_before_anything_else() {
    let server = start(OPEN);
    let client = server.client();
    let good = token(&json!({ "sub": ALICE }));
    client.with("authorization", &format!("Bearer {good}")).get("/api/v1/things").await.expect(200);
    client.with("authorization", &format!("bearer {good}")).get("/api/v1/things").await.expect(200);
    let cut = &good[..good.len() - 2];
    for header in [
        "Bearer x".to_owned(),
        "Bearer".to_owned(),
        format!("Basic {good}"),
        format!("Bearer {cut}"),
        format!("Bearer {}", token(&json!({ "sub": ALICE, "exp": 1_000_000_000 }))),
        format!("Bearer {}", token(&json!({ "sub": ALICE, "nbf": 4_800_000_000_u64 }))),
        format!("Bearer {}", token(&json!({ "exp": 4_800_000_000_u64 }))),
        format!("Bearer {}", token(&json!({ "sub": ALICE, "exp": null }))),
    ] {
        for path in ["/api/v1/things", "/api/v1/nothing"] {
            let answer = client.with("authorization", &header).get(path).await.expect(401);
            assert_eq!(answer.json()["code"], json!("invalid_token"), "{header}");
            let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
    }
}

#[tokio::test]
async fn the_owner_is_the_tokens_subject() {
    let server = start(OPEN);
    let made = server.client().as_user(ALICE).post("/api/v1/things", json!({})).await.expect(201);
    assert_eq!(made.json()["owner"], json!(ALICE));
    let odd = server.client().as_user("not-a-uuid");
    odd.post("/api/v1/things", json!({})).await.expect(403);
    server.client().post("/api/v1/things", json!({})).await.expect(401);
}
