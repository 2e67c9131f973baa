"""Runs a command in a terminal that is closed on demand: in-terminal.py (own|other) COMMAND ARGS...

own: the terminal is the command's own, whose closing sends SIGHUP. other: it only writes there, as what a shell has
disowned. What the terminal shows goes to standard output. A line of standard input closes the terminal; any further
one is the name of a signal for the command. At its end, or after 45 s, a line of JSON says how it ended.
"""
import fcntl, json, os, pty, select, signal, subprocess, sys, termios, time

kind, command = sys.argv[1], sys.argv[2:]
terminal, side = pty.openpty()
own = (lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if kind == "own" else None
child = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, start_new_session=True, preexec_fn=own)
os.close(side)
is_open = True
end = time.monotonic() + 45

while child.poll() is None and time.monotonic() < end:
    readable, _, _ = select.select([0, terminal] if is_open else [0], [], [], 0.05)
    if terminal in readable and is_open:
        try:
            os.write(1, os.read(terminal, 4096))
        except OSError:  # nobody has it open any more
            break
    if 0 in readable:
        line = os.read(0, 100).decode().strip()
        if line:
            child.send_signal(getattr(signal, line))
        else:
            os.close(terminal)
            is_open = False

try:
    status = child.wait(max(0.1, end - time.monotonic()))
except subprocess.TimeoutExpired:
    child.kill()
    status = "still there"
print("\n" + json.dumps({"status": status}), flush=True)
