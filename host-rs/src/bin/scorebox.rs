//! The `scorebox` command; everything is in [`scorebox::cli`].

fn main() -> std::process::ExitCode {
    scorebox::cli::main()
}
