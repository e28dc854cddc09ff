//! What packages, shells, kubectl, krew and k9s read: `deploy/stage-files`, the completions, the manual pages and the
//! files of deploy/krew and deploy/k9s.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a command, which must succeed; what it prints.
fn succeeds(command: &mut Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| unreachable!("{command:?}: {error}: just interop"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The files of a package, below a prefix.
fn staged() -> TempDir {
    let prefix = TempDir::new().unwrap();
    let mut command = Command::new(format!("{ROOT}/deploy/stage-files"));
    succeeds(command.arg(env!("CARGO_BIN_EXE_macaque")).arg(prefix.path()));
    prefix
}

fn shell(program: &str, script: &str, prefix: &Path) -> String {
    let mut command = Command::new(program);
    match program {
        "bash" => command.args(["--norc", "-c"]),
        "zsh" => command.args(["-f", "-c"]),
        _ => command.args(["--no-config", "-c"]),
    };
    succeeds(command.arg(script).env("PREFIX", prefix))
}

#[test]
#[ignore = "needs zsh and fish: just interop"]
fn bash_zsh_and_fish_load_the_completions_of_the_package() {
    let prefix = staged();
    let bash =
        "source \"$PREFIX/share/bash-completion/completions/macaque\"; COMP_WORDS=(macaque on); COMP_CWORD=1
        _macaque macaque on macaque; echo \"${COMPREPLY[@]}\"; complete -p macaque";
    let bash = shell("bash", bash, prefix.path());
    assert!(
        bash.starts_with("once\ncomplete ") && bash.trim_end().ends_with(" -F _macaque macaque"),
        "{bash}"
    );

    let zsh = "module_path+=($ZSH_MODULES); fpath=($PREFIX/share/zsh/site-functions $fpath)
        autoload -U compinit && compinit -D -u && autoload +X _macaque && print -r -- $_comps[macaque]";
    assert_eq!(shell("zsh", zsh, prefix.path()), "_macaque\n");

    let fish = "source $PREFIX/share/fish/vendor_completions.d/macaque.fish; complete -C 'macaque on'";
    let fish = shell("fish", fish, prefix.path());
    assert!(fish.starts_with("once\tRun one round now"), "{fish}");
}

#[test]
#[ignore = "needs kubectl: just interop"]
fn kubectl_runs_the_plugin_of_the_package_and_completes_its_words() {
    let prefix = staged();
    symlink("macaque", prefix.path().join("bin/kubectl-macaque")).unwrap();
    let path = format!(
        "{}/bin:{}",
        prefix.path().display(),
        std::env::var("PATH").unwrap()
    );
    let kubectl = |args: &[&str]| succeeds(Command::new("kubectl").args(args).env("PATH", &path));

    let help = kubectl(&["macaque", "once", "--help"]);
    assert!(help.contains("Usage: kubectl macaque once"), "{help}");
    let words = kubectl(&["__complete", "macaque", "once", "--see"]);
    assert!(words.starts_with("--seed\t"), "{words}");
}

#[test]
#[ignore = "needs mandoc and groff: just interop"]
fn the_manual_pages_of_the_package_have_no_fault_for_mandoc() {
    let prefix = staged();
    let mut pages = 0;
    for page in fs::read_dir(prefix.path().join("share/man/man1")).unwrap() {
        let page = page.unwrap().path();
        succeeds(Command::new("gzip").arg("--test").arg(&page));
        let lint = format!("gzip -dc {} | mandoc -T lint -W error", page.display());
        assert_eq!(
            succeeds(Command::new("sh").args(["-c", &lint])),
            "",
            "{}",
            page.display()
        );
        pages += 1;
    }
    assert!(pages > 10, "{pages}");
}

#[test]
#[ignore = "runs beside the other tests of the package: just interop"]
fn a_package_is_the_same_when_it_is_made_again() {
    let list = "cd \"$PREFIX\" && find . ! -type d | sort | tar --create --files-from - --mtime @0 --owner 0 --group 0 | sha256sum";
    let [first, second] = [staged(), staged()];
    assert_eq!(
        shell("bash", list, first.path()),
        shell("bash", list, second.path())
    );
}

#[test]
#[ignore = "needs krew of .ci/krew: just interop"]
fn krew_installs_the_plugin_by_its_manifest() {
    let place = TempDir::new().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("macaque-{version}-linux-amd64");
    let archive = place.path().join(format!("{name}.tar.gz"));
    let mut stage = Command::new(format!("{ROOT}/deploy/stage-files"));
    succeeds(
        stage
            .arg(env!("CARGO_BIN_EXE_macaque"))
            .arg(place.path().join(&name)),
    );
    let mut tar = Command::new("tar");
    tar.args(["--create", "--gzip", "--file"]).arg(&archive);
    succeeds(tar.arg("--directory").arg(place.path()).arg(&name));

    let sum = succeeds(Command::new("sha256sum").arg(&archive));
    let sum = sum.split_whitespace().next().unwrap();
    let template = fs::read_to_string(format!("{ROOT}/deploy/krew/macaque.yaml")).unwrap();
    let manifest = template
        .replace("SHA256_AMD64", sum)
        .replace("SHA256_ARM64", &"0".repeat(64))
        .replace("VERSION", version)
        .replace("REPOSITORY", "forge.example/macaque");
    let path = place.path().join("macaque.yaml");
    fs::write(&path, manifest).unwrap();

    let root = place.path().join("krew");
    let mut krew = Command::new("krew");
    krew.args(["install", "--manifest"]).arg(&path);
    krew.arg("--archive").arg(&archive);
    krew.envs([
        ("KREW_OS", "linux"),
        ("KREW_ARCH", "amd64"),
        ("KREW_NO_UPGRADE_CHECK", "1"),
    ]);
    succeeds(krew.env("KREW_ROOT", &root));
    let help = succeeds(Command::new(root.join("bin/kubectl-macaque")).arg("--help"));
    assert!(help.contains("Usage: kubectl macaque "), "{help}");
}

#[test]
fn the_plugins_of_k9s_follow_its_schema() {
    let text = fs::read_to_string(format!("{ROOT}/deploy/k9s/plugins.yaml")).unwrap();
    let file: Value = serde_saphyr::from_str(&text).unwrap();
    let plugins = file["plugins"].as_object().unwrap();
    assert_eq!(file.as_object().unwrap().len(), 1);
    let variables = ["RESOURCE_NAME", "NAMESPACE", "NAME", "CONTEXT"];

    for (name, plugin) in plugins {
        for (key, value) in plugin.as_object().unwrap() {
            let fits = match key.as_str() {
                "shortCut" | "description" | "command" => value.is_string(),
                "confirm" | "dangerous" | "background" => value.is_boolean(),
                "scopes" | "args" => value.as_array().unwrap().iter().all(Value::is_string),
                "inputs" => value.as_array().unwrap().len() <= 5,
                _ => false,
            };
            assert!(fits, "{name}: {key}");
        }
        for key in ["shortCut", "description", "scopes", "command"] {
            assert!(plugin.get(key).is_some(), "{name}: {key}");
        }

        let none = Vec::new();
        let inputs = plugin
            .get("inputs")
            .map_or(&none, |inputs| inputs.as_array().unwrap());
        for input in inputs {
            let kind = input["type"].as_str().unwrap();
            assert!(
                ["string", "number", "bool", "dropdown"].contains(&kind),
                "{name}: {kind}"
            );
            assert!(
                input.get("default").is_none() || input["required"] == true,
                "{name}: {input}"
            );
        }
        let named = inputs
            .iter()
            .map(|input| format!("INPUT_{}", input["name"].as_str().unwrap().to_uppercase()));
        let known: Vec<_> = variables.map(str::to_owned).into_iter().chain(named).collect();

        // k9s refuses a plugin with a variable that it does not know, and takes letters, digits, _, - and | for its name.
        for arg in plugin["args"].as_array().unwrap() {
            for after in arg.as_str().unwrap().split('$').skip(1) {
                let is_name = |c: char| c.is_ascii_alphanumeric() || "_-|".contains(c);
                let variable: String = after.chars().take_while(|c| is_name(*c)).collect();
                assert!(
                    variable.is_empty() || known.contains(&variable),
                    "{name}: ${variable}"
                );
            }
        }
        let writes = ["freeze", "unfreeze", "pause", "resume"]
            .iter()
            .any(|verb| name.ends_with(verb));
        assert_eq!(plugin["dangerous"] == true, writes, "{name}");
    }
    let mut keys: Vec<_> = plugins
        .values()
        .flat_map(|plugin| {
            let scopes = plugin["scopes"].as_array().unwrap().iter();
            scopes.map(|scope| (scope.to_string(), plugin["shortCut"].to_string()))
        })
        .collect();
    keys.sort();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
}
