//! The calls that the compiler cannot check. Everything else goes through `rustix`.

use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// Which side of a fork this is.
#[derive(Debug)]
pub(crate) enum Fork {
    /// The new process.
    Child,
    /// The old one, with the new one's id.
    Parent(Pid),
}

/// Whether this process has one thread only.
pub(crate) fn is_single_threaded() -> bool {
    fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

/// Forks. Refuses in a process with threads.
pub(crate) fn fork() -> io::Result<Fork> {
    if !is_single_threaded() {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    // SAFETY: no other thread exists, so none can hold a lock (malloc's, stdio's) whose copy in the child
    // would stay locked for ever: the child may do whatever the parent might.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        pid => Pid::from_raw(pid).map(Fork::Parent).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL)),
    }
}

/// Moves this process into new namespaces.
pub(crate) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES), "descriptors stay shared");
    // SAFETY: the call is unsafe only with FILES, which no caller passes.
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(io::Error::from)
}

/// Signals that are forwarded or end a wait.
const FORWARDED: [i32; 5] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGCHLD];

/// A signal that arrived, and whether the kernel sent it (a terminal's Ctrl-C reaches the child as well).
pub(crate) struct Arrived {
    pub(crate) signal: i32,
    pub(crate) from_kernel: bool,
}

fn forwarded_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, and sigaddset gets an initialised one and valid signals.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in FORWARDED {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Holds the forwarded signals back, to be taken by [`wait_signal`].
pub(crate) fn block_signals() {
    // SAFETY: the set is initialised, and no old set is asked for.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const *Box::new(forwarded_set()), std::ptr::null_mut())
    };
}

/// Lets the forwarded signals through again.
pub(crate) fn unblock_signals() {
    // SAFETY: as in `block_signals`.
    unsafe {
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const *Box::new(forwarded_set()), std::ptr::null_mut())
    };
}

/// Waits for one of the blocked signals.
pub(crate) fn wait_signal() -> io::Result<Arrived> {
    let set = forwarded_set();
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the set is initialised and `info` is large enough for what the kernel writes.
    let signal = unsafe { libc::sigwaitinfo(&raw const set, info.as_mut_ptr()) };
    if signal < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed bytes are a valid siginfo_t, and the kernel filled it in.
    let code = unsafe { info.assume_init() }.si_code;
    Ok(Arrived { signal, from_kernel: code == libc::SI_KERNEL })
}

/// Marks every descriptor from 3 on to be closed at the next exec: the builder may have been started with
/// open ones that a build step must not get.
pub(crate) fn close_inherited_on_exec() -> io::Result<()> {
    // SAFETY: the call changes flags of descriptors and no memory.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    match (result, io::Error::last_os_error()) {
        (0, _) => Ok(()),
        // Before Linux 5.11. Rust's own descriptors are marked already.
        (_, error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL | libc::EPERM)) => {
            Ok(())
        }
        (_, error) => Err(error),
    }
}

/// Becomes the program; comes back only with the reason why not. No signal is blocked or ignored
/// then: Rust ignores SIGPIPE, whoever started the builder maybe others, and a shell cannot take that back.
pub(crate) fn execute(program: &Path, arguments: &[OsString], environment: &[OsString]) -> io::Error {
    let text = |text: &OsStr| CString::new(text.as_bytes());
    let list = |list: &[OsString]| list.iter().map(|word| text(word)).collect::<Result<Vec<_>, _>>();
    let (Ok(program), Ok(arguments), Ok(environment)) =
        (text(program.as_os_str()), list(arguments), list(environment))
    else {
        return io::Error::from_raw_os_error(libc::EINVAL); // no program can be given a NUL
    };
    let pointers = |list: &[CString]| -> Vec<*const libc::c_char> {
        list.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (argv, envp) = (pointers(&arguments), pointers(&environment));
    // SAFETY: the set is initialised by sigemptyset, no old set is asked for, and SIG_DFL runs no code.
    unsafe {
        let mut none = MaybeUninit::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
    (1..=libc::SIGRTMAX()).for_each(default_action);
    // SAFETY: all strings end with NUL and live until the call is over; both lists end with a null pointer.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    io::Error::last_os_error()
}

/// Bytes of the kernel's set of signals.
const SIGNAL_SET: usize = 8;

/// Gives a signal its default action. Asks the kernel itself, because libc refuses two numbers of its own,
/// which its `posix_spawn` leaves ignored. KILL and STOP cannot be set, and are never ignored.
fn default_action(signal: i32) {
    // Handler, flags, restorer and mask: SIG_DFL is 0.
    let action = [0_u64; 4];
    // SAFETY: `action` is as long as the kernel's structure, and no old one is asked for.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            action.as_ptr(),
            std::ptr::null_mut::<u64>(),
            SIGNAL_SET,
        )
    };
}

/// Makes a mount, and everything mounted below it, read-only for this mount namespace.
pub(crate) fn set_mount_read_only(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let attributes =
        libc::mount_attr { attr_set: libc::MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: the path ends with NUL, and the structure is as long as the size says.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Brings the loopback interface of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    // SAFETY: creates a descriptor that nothing else owns.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if socket < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just created and is owned by nobody.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: all zeros are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[..2].copy_from_slice(&[b'l' as libc::c_char, b'o' as libc::c_char]);
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, and the pointer leads to one.
    match unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
