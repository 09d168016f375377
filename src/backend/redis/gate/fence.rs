//! What a script of an administrator's may call: what the table of commands offers, and nothing else.
//!
//! The server lets scripts run much that the table refuses to everybody: `RESTORE`, which can crash it,
//! `MIGRATE`, and commands that nobody here knows. So before a script stands a line in which `redis` is
//! something else: its `call` and `pcall` look the command up first. What could lead to the server's own
//! `redis` (`_G`, `load` and their like) is out of reach behind that line. The line calls no function that
//! another script could have replaced; older servers keep what scripts do to `string` or `error`.
//!
//! A script that is in the server's cache, or a function in a library, was put there by somebody else, who
//! has the server in hand anyway; these run as they are.

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::Ruling;

/// Globals that lead to what is behind the fence.
const GLOBALS: &str =
    "_G,getfenv,setfenv,load,loadstring,loadfile,dofile,require,module,package,debug";

/// What scripts find in `redis` besides `call` and `pcall`.
const MEMBERS: &str = "log,sha1hex,error_reply,status_reply,setresp,set_repl,replicate_commands,breakpoint,\
     debug,acl_check_cmd,LOG_DEBUG,LOG_VERBOSE,LOG_NOTICE,LOG_WARNING,REPL_NONE,REPL_SLAVE,\
     REPL_REPLICA,REPL_AOF,REPL_ALL,REDIS_VERSION,REDIS_VERSION_NUM,SERVER_NAME,\
     SERVER_VERSION,SERVER_VERSION_NUM";

static FENCE: LazyLock<String> = LazyLock::new(fence);

/// The command with its script behind the fence, if it brings one.
pub(crate) fn fenced(args: &[&[u8]], ruling: &Ruling) -> Option<Vec<Vec<u8>>> {
    let at = match ruling.command.name {
        "EVAL" | "EVAL_RO" => 1,
        "SCRIPT LOAD" => 2,
        _ => return None,
    };
    let script = args.get(at)?;
    let mut args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
    // A first line `#!lua …` says how to run it, and stays the first.
    let start = if script.starts_with(b"#!") {
        script.iter().position(|&byte| byte == b'\n').map_or(script.len(), |end| end + 1)
    } else {
        0
    };
    let (first, rest) = script.split_at(start);
    args[at] = [first, FENCE.as_bytes(), rest].concat();
    Some(args)
}

fn fence() -> String {
    let mut fence = String::from(
        "local redis=(function() local r=redis local call,pcall=r.call,r.pcall local ok={",
    );
    for command in super::offered_to_scripts() {
        let mut words = String::from("{");
        for word in command.subcommands.iter().filter(|sub| sub.is_offered_to_scripts()) {
            spell(&mut words, &word.name[command.name.len() + 1..], "1");
        }
        words.push('}');
        spell(&mut fence, command.name, if command.has_subcommands() { &words } else { "1" });
    }
    fence.push_str(
        "} local function may(c,s) local k=ok[c] if k==1 then return true end \
         if k==nil or s==nil then return false end return k[s]==1 end \
         local no='is not offered to scripts here, or is not spelt in capitals or small letters' \
         return {call=function(c,...) if may(c,(...)) then return call(c,...) end return error(no) end,\
         pcall=function(c,...) if may(c,(...)) then return pcall(c,...) end return {err='ERR '..no} end",
    );
    for member in MEMBERS.split(',') {
        let _ = write!(fence, ",{member}=r.{member}");
    }
    let _ = write!(fence, "}} end)() local server=redis local {GLOBALS};");
    fence
}

/// Adds a name in capitals and in small letters: a function that changes letters could be another's.
fn spell(out: &mut String, name: &str, value: &str) {
    for name in [name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
        let _ = write!(out, "['{name}']={value},");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::gate::rule;

    fn fenced_script(line: &[&[u8]]) -> Option<String> {
        let ruling = rule(line).unwrap();
        let args = fenced(line, &ruling)?;
        let at = args.iter().position(|arg| arg.windows(9).any(|text| text == b"return 42"))?;
        Some(String::from_utf8(args[at].clone()).unwrap())
    }

    #[test]
    fn every_script_is_behind_the_fence_and_its_first_line_stays_first() {
        for line in [
            &[&b"eval"[..], b"return 42", b"0"][..],
            &[b"EVAL_RO", b"return 42", b"0"],
            &[b"script", b"load", b"return 42"],
        ] {
            let script = fenced_script(line).unwrap();
            assert!(
                script.starts_with("local redis=") && script.ends_with(";return 42"),
                "{script}"
            );
            assert!(!script.contains('\n'), "line numbers stay as they are");
        }
        let shebang = fenced_script(&[b"EVAL", b"#!lua flags=no-writes\nreturn 42", b"0"]).unwrap();
        assert!(shebang.starts_with("#!lua flags=no-writes\nlocal redis="), "{shebang}");
        assert!(fenced_script(&[b"EVALSHA", b"return 42", b"0"]).is_none());
    }

    #[test]
    fn nothing_that_is_refused_is_in_the_fence() {
        for name in ["RESTORE", "restore", "MIGRATE", "DEBUG", "CLUSTER", "SELECT", "SAVE", "EVAL"]
        {
            assert!(!FENCE.contains(&format!("['{name}']=1")), "{name}");
        }
        for name in ["GET", "get", "XREAD", "SORT", "FLUSHALL", "OBJECT"] {
            assert!(FENCE.contains(&format!("['{name}']=")), "{name}");
        }
    }
}
