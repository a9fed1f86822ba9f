//! The extension module `lambda_function`: the same endpoint as the program `get-order`, for a
//! function that stays on Lambda's runtime for Python.

// The whole endpoint is one future of futures.
#![recursion_limit = "256"]

mod event;
mod invocation;

/// `GET /dashboard/orders/{orderId}`, answered by the same code as the native program.
#[pyo3::pymodule]
mod lambda_function {
    use std::sync::OnceLock;

    use lambda_kit::Hosted;
    use lambda_kit::config::Environment;
    use pyo3::prelude::*;

    use crate::{event, invocation};

    static HOSTED: OnceLock<Hosted> = OnceLock::new();

    /// What is slow is done while the module is loaded, when nobody waits yet.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let environment = Environment::of_process();
        let hosted = module.py().detach(|| Hosted::start("lambda_function", &environment))?;
        // A module is loaded once.
        let _ = HOSTED.set(hosted);
        Ok(())
    }

    /// Answers an event of API Gateway (or of a function URL, or of a load balancer) with the dict
    /// that it takes. Whatever is wrong is an answer, too; nothing is raised.
    #[pyfunction]
    fn lambda_handler<'py>(
        event: &Bound<'py, PyAny>,
        context: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = event.py();
        let (event, invocation) = (event::as_json(event), invocation::of(context));
        // Other threads run while this one waits.
        let answer = py.detach(|| HOSTED.get().map(|hosted| hosted.answer(&event, &invocation)));
        Ok(pythonize::pythonize(py, &answer)?)
    }
}
