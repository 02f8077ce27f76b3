//! Files beside the API: right types, a strict policy, and nothing outside the folder.

use scorebox::server::Settings;

use crate::client::Server;

#[test]
fn files_come_with_their_types_and_a_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir(&site).unwrap();
    for name in ["index.html", "page.js", "page.css", "scorebox.wasm"] {
        std::fs::write(site.join(name), name).unwrap();
    }
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let server = Server::start(Settings { assets: Some(site), ..Settings::default() });
    for (path, kind) in [
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/scorebox.wasm", "application/wasm"),
        ("/bundles/scripted.zip", "application/zip"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("'wasm-unsafe-eval'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    for path in
        ["/nothing.js", "/../secret.txt", "/%2e%2e/secret.txt", "/bundles/other.zip", "/bundles/scripted"]
    {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    assert_eq!(server.score(r#"{"record":{"a":1}}"#).status, 200, "the API is there as well");
}

#[test]
fn without_a_folder_no_archive_is_given_away() {
    let answer = Server::start(Settings::default()).get("/bundles/scripted.zip");
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
}
