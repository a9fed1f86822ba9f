//! The program under test: an interpreter with the extension module.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use test_support::{Lambda, build};

/// The reader of JSON in Lambda's runtime refuses what is some hundred levels deep.
pub(crate) const HANDS_ON_ANY_DEPTH: bool = false;

/// Lambda's runtime has one invocation at a time; this stands in for it where there are several.
const THREADS: &str = include_str!("threads.py");

/// Starts it with the given variables besides Lambda's own, and waits until it is ready: an
/// interpreter takes longer to start than some of these tests allow an answer.
pub(crate) async fn start(environment: &[(&str, &str)]) -> Lambda {
    let python = python();
    let mut variables = vec![
        ("PYTHONPATH", folder()),
        ("LAMBDA_TASK_ROOT", folder()),
        // As deployed, where the runtime asks for events in a thread of its own.
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.12"),
    ];
    variables.extend_from_slice(environment);
    let several = variables.iter().any(|(name, _)| *name == "AWS_LAMBDA_MAX_CONCURRENCY");
    let arguments: &[&str] = if several {
        &["-c", THREADS]
    } else {
        &["-m", "awslambdaric", "lambda_function.lambda_handler"]
    };
    let lambda = Lambda::start_with(python, arguments, &variables).await;
    lambda.is_ready().await;
    lambda
}

/// An interpreter with `awslambdaric`. Where there is none, the tests end here: every one of them
/// needs it.
#[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
pub(crate) fn python() -> &'static str {
    static PYTHON: OnceLock<String> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let python = std::env::var("PEERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let asked = ["-c", "import awslambdaric, sys; print(sys.executable)"];
        match Command::new(&python).args(asked).output() {
            Ok(output) if output.status.success() => {
                String::from_utf8(output.stdout).unwrap().trim().to_owned()
            }
            _ => {
                assert!(std::env::var_os("CI").is_none(), "{python} has no package `awslambdaric`");
                // Not `eprintln`, which the harness keeps.
                let _ = writeln!(
                    std::io::stderr(),
                    "skipped: {python} has no package `awslambdaric`; set PEERS_PYTHON to one that has"
                );
                std::process::exit(0)
            }
        }
    })
}

/// A folder with the module: the one that `PYTHON_ENTRY` names, else one with what is built for
/// these tests; cargo builds no extension module for them by itself.
#[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
pub(crate) fn folder() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::var_os("PYTHON_ENTRY").map_or_else(built, PathBuf::from);
        let module = folder.join("lambda_function.abi3.so");
        assert!(module.exists(), "there is no {}", module.display());
        folder.into_os_string().into_string().unwrap()
    })
}

fn built() -> PathBuf {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let folder = build("python", profile).unwrap().join("python_entry");
    std::fs::create_dir_all(&folder).unwrap();
    // It may be there from before, and is the same.
    let _ = std::os::unix::fs::symlink(
        "../liblambda_function.so",
        folder.join("lambda_function.abi3.so"),
    );
    folder
}
