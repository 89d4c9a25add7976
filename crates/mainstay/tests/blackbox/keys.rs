//! Keys of any shape: natural, composite, numbered by the database.

use serde_json::json;

use crate::fixtures::start;

#[tokio::test]
async fn natural_and_composite_keys_address_rows_and_relations() {
    let server = start(
        r#"type Country @entity @key(on: ["code"]) @allow(read: "true", write: "true") {
             code: String! @length(min: 2, max: 8)  name: String!
             cities: [City!]! @inverse(of: "country")
           }
           type City @entity @key(on: ["country", "name"]) @allow(read: "true", write: "true") {
             country: Country!  name: String!  size: Int
             sights: [Sight!]! @inverse(of: "city")
           }
           type Sight @entity @allow(read: "true", write: "true") { city: City! @onDelete(do: CASCADE)  title: String! }"#,
    );
    let client = server.client();
    client
        .post("/api/v1/countries", json!({ "code": "f/r,x", "name": "France" }))
        .await
        .expect(201);
    let city = json!({ "country": "f%2Fr%2Cx", "name": "x" });
    client.post("/api/v1/cities", city).await.expect(422);
    let city = client
        .post("/api/v1/cities", json!({ "countryId": "f/r,x", "name": "Aix, en Provence" }))
        .await
        .expect(201);
    let path = city.header("location").expect("a Location").to_owned();
    assert_eq!(path, "/api/v1/cities/f%2Fr%2Cx,Aix%2C%20en%20Provence");
    assert_eq!(client.get(&path).await.expect(200).json()["countryId"], json!("f/r,x"));
    client.patch(&path, json!({ "size": 3 })).await.expect(200);

    let key = path.rsplit('/').next().expect("a key").to_owned();
    let sight =
        client.post("/api/v1/sights", json!({ "city": key, "title": "t" })).await.expect(201);
    assert_eq!(sight.json()["cityId"], json!(key));
    let sights = client.get("/api/v1/sights?expand=city").await.expect(200).items();
    assert_eq!(sights[0]["city"]["size"], json!(3));
    let nested = client.get("/api/v1/countries?expand=cities.sights").await.expect(200).items();
    assert_eq!(nested[0]["cities"][0]["sights"][0]["title"], json!("t"));
    client.get("/api/v1/cities/f%2Fr%2Cx").await.expect(404);
    client.delete(&path).await.expect(204);
    assert_eq!(client.get("/api/v1/sights").await.items().len(), 0);
}

#[tokio::test]
async fn the_database_numbers_rows_of_an_identity_key() {
    let server = start(
        r#"type Invoice @entity @key(on: ["number"]) @allow(read: "true", write: "true") {
             number: Int! @identity  title: String!
             items: [Item!]! @inverse(of: "invoice")
           }
           type Item @entity @key(on: ["id"]) @allow(read: "true", write: "true") { id: BigInt! @identity  invoice: Invoice! }"#,
    );
    let client = server.client();
    for expected in 1..=3 {
        let row = client.post("/api/v1/invoices", json!({ "title": "t" })).await.expect(201);
        assert_eq!(row.json()["number"], json!(expected));
        assert_eq!(row.header("location"), Some(format!("/api/v1/invoices/{expected}").as_str()));
    }
    client.delete("/api/v1/invoices/3").await.expect(204);
    let next = client.post("/api/v1/invoices", json!({ "title": "t" })).await.expect(201).json();
    assert_eq!(next["number"], json!(4), "a number is never given twice");
    let item = client.post("/api/v1/items", json!({ "invoice": 2 })).await.expect(201).json();
    assert_eq!(item, json!({ "id": "1", "invoiceId": 2 }));
    let rows = client.get("/api/v1/invoices?expand=items&sort=-number").await.expect(200).items();
    assert_eq!(rows[0]["items"], json!([]));
    assert_eq!(rows[1]["items"], json!([{ "id": "1", "invoiceId": 2 }]));
    let filtered =
        client.find("/api/v1/items", &[("filter", "invoice == 2 && invoice.title == 't'")]).await;
    assert_eq!(filtered.expect(200).items().len(), 1);
}
