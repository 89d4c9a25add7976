//! Where the `type` of a problem leads.

use http::Method;

use crate::fixtures::blog;

#[tokio::test]
async fn the_type_of_a_problem_leads_to_a_page_about_it() {
    let server = blog().await;
    let client = server.client();
    let problem = client.get("/api/v1/posts?nope=1").await.expect(400).json();
    let path = problem["type"].as_str().expect("a path");
    let page = client.get(path).await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/markdown; charset=utf-8"));
    assert_eq!(
        String::from_utf8_lossy(&page.body),
        "# Invalid parameters\n\n400 `invalid_parameters`\n\nParameters are wrong; `errors` names \
         each.\n\n**What to do:** Correct each parameter that `errors` names; nothing of the request \
         was done.\n"
    );
    let json = client.with("accept", "application/problem+json").get(path).await.expect(200).json();
    for member in ["type", "title", "status", "code"] {
        assert_eq!(json[member], problem[member], "{member}");
    }
    let browser = client.with("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = browser.get(path).await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("vary"), Some("accept"));
    assert!(page.header("content-security-policy").is_some());
    let html = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        html.contains("<p>Parameters are wrong; <code>errors</code> names each.</p>"),
        "{html}"
    );
}

#[tokio::test]
async fn every_listed_problem_has_its_page_for_anyone() {
    let server = blog().await;
    let json = server.client().with("accept", "application/json");
    let all = json.get("/docs/problems").await.expect(200).json();
    let all = all["problems"].as_array().expect("a list");
    assert!(all.len() > 30);
    // A token that does not hold is no reason to hide what that means.
    let client = json.with("authorization", "Bearer nonsense");
    for problem in all {
        let path = problem["type"].as_str().expect("a path");
        assert_eq!(client.get(path).await.expect(200).json(), *problem);
        let html = client.with("accept", "text/html").get(path).await.expect(200);
        assert_eq!(String::from_utf8_lossy(&html.body).matches("<h1>").count(), 1);
    }
    for accept in ["text/html", "text/markdown"] {
        let list = server.client().with("accept", accept).get("/docs/problems/").await.expect(200);
        assert!(String::from_utf8_lossy(&list.body).contains("/docs/problems/stale"));
    }
}

#[tokio::test]
async fn what_is_no_page_is_a_problem_itself() {
    let server = blog().await;
    let client = server.client();
    for path in ["/docs/problems/nope", "/docs/problems/stale/x", "/docs/problemsx", "/docs"] {
        let answer = client.get(path).await.expect(404).json();
        assert_eq!(answer["code"], "no_route", "{path}");
    }
    let path = "/docs/problems/stale";
    let answer = client.send(Method::DELETE, path, None).await.expect(405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    let answer = client.send(Method::OPTIONS, path, None).await.expect(204);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert!(client.send(Method::HEAD, path, None).await.expect(200).body.is_empty());
}
