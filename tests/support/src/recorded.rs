use std::path::PathBuf;

/// The files of a folder of recorded payloads (third parties' data, kept beside the repository
/// and not in it), each with its name.
///
/// `None`, said aloud, where the folder is not there; but never where `CI` is set.
///
/// # Panics
///
/// Where `CI` is set and the folder is not there.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests have no config.rs")]
pub fn recorded_payloads(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var_os("RECORDED_PAYLOADS").map_or_else(|| beside.into(), PathBuf::from);
    let Ok(files) = std::fs::read_dir(root.join(folder)) else {
        assert!(std::env::var_os("CI").is_none(), "no recorded payloads at {}", root.display());
        eprintln!("skipped: no recorded payloads; set RECORDED_PAYLOADS to their folder");
        return None;
    };
    let mut read: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            (name.unwrap_or_default(), std::fs::read(&path).expect("a readable file"))
        })
        .collect();
    read.sort();
    Some(read)
}
