//! What the server says about itself.

use scorebox::server::Settings;

use crate::client::Server;

#[test]
fn the_catalogue_names_bundles_with_their_digests() {
    let server = Server::start(Settings::default());
    let list = server.get("/v1/bundles");
    assert_eq!(list.status, 200);
    let bundle = &list.json()["bundles"][0];
    assert_eq!((bundle["name"].as_str(), bundle["version"].as_str()), (Some("scripted"), Some("1.2.3")));
    assert!(bundle["module"].as_str().unwrap().starts_with("sha256:"));
    let one = server.get("/v1/bundles/scripted");
    assert_eq!((one.status, one.json()["kind"].as_str()), (200, Some("bundle")));
    let none = server.get("/v1/bundles/other");
    assert_eq!((none.status, none.code().as_str()), (404, "not_found"));
}

#[test]
fn unknown_addresses_and_methods_are_json_errors() {
    let server = Server::start(Settings::default());
    for path in ["/", "/v1", "/v2/models", "/v1/bundles/%ff"] {
        let answer = server.get(path);
        assert!([404, 400].contains(&answer.status), "{path} gave {}", answer.status);
        if answer.status == 404 {
            assert_eq!(answer.code(), "not_found", "{path}");
        }
    }
    for (method, path) in
        [("GET", "/v1/bundles/scripted/score"), ("DELETE", "/v1/bundles"), ("POST", "/metrics")]
    {
        let answer = server.send(method, path, &[], b"");
        assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"), "{method} {path}");
        assert!(answer.header("allow").is_some(), "405 names what is allowed");
    }
}

#[test]
fn health_tells_when_the_server_stops() {
    let server = Server::start(Settings::default());
    assert_eq!(server.get("/health/live").json()["status"], "live");
    assert_eq!(server.get("/health/ready").json()["status"], "ready");
    server.state.drain();
    let draining = server.get("/health/ready");
    assert_eq!((draining.status, draining.json()["status"].as_str()), (503, Some("draining")));
    assert_eq!(server.get("/health/live").status, 200, "a stopping server lives");
}

#[test]
fn metrics_count_requests_decisions_and_errors() {
    let server = Server::start(Settings::default());
    server.score(r#"{"record":{"a":1}}"#);
    server.score(r#"{"record":{"v":1}}"#);
    server.get("/nowhere/at/all");
    let metrics = server.get("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"scorebox_http_requests_total{method="POST",route="/v1/bundles/{name}/score",status="200"} 1"#,
        r#"scorebox_http_requests_total{method="POST",route="/v1/bundles/{name}/score",status="422"} 1"#,
        r#"scorebox_http_requests_total{method="GET",route="other",status="404"} 1"#,
        r#"scorebox_http_request_duration_seconds_count{route="/v1/bundles/{name}/score"} 2"#,
        r#"scorebox_decisions_total{bundle="scripted",outcome="approve"} 1"#,
        r#"scorebox_errors_total{code="run_value"} 1"#,
        r#"scorebox_waiting_requests{bundle="scripted"} 0"#,
    ] {
        assert!(metrics.body.contains(line), "missing: {line}\n{}", metrics.body);
    }
}

#[test]
fn the_openapi_document_has_every_route() {
    let document = Server::start(Settings::default()).get("/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let routes = [
        ("/v1/bundles", "get"),
        ("/v1/bundles/{name}", "get"),
        ("/v1/bundles/{name}/score", "post"),
        ("/v1/bundles/{name}/monitoring", "get"),
        ("/v1/bundles/{name}/monitoring/take", "post"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
        ("/metrics", "get"),
        ("/openapi.json", "get"),
    ];
    for (path, method) in routes {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    assert_eq!(document["paths"].as_object().unwrap().len(), routes.len(), "a route is not in this test");
    let responses = document["paths"]["/v1/bundles/{name}/score"]["post"]["responses"].as_object().unwrap();
    for status in ["200", "400", "404", "413", "415", "422", "500", "503", "504"] {
        assert!(responses.contains_key(status), "{status} is not described");
    }
}
