package dev.fenceline.testbed.trace;

import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The meaning of an strace log's lines, one after the other: pairs the halves of interrupted calls,
 * follows processes, and hands out events.
 *
 * <p>Confined to the thread that reads the trace. Where strace leaves something open, these rules
 * decide:
 *
 * <ul>
 *   <li>A call takes effect when it returns. The exception is an munmap in flight: when a thread of
 *       the same space is given a new mapping that overlaps it, the munmap has evidently happened,
 *       and its event comes first.
 *   <li>A pid that speaks before the call that created it has returned belongs to the oldest clone
 *       in flight whose child is not known yet. Should that clone return another pid, the line is
 *       reported.
 *   <li>A fork copies its creator's space when it returns, or when the child first speaks if that
 *       is earlier. What other threads map or unmap while it is in flight may in truth be on the
 *       other side of the copy: whoever replays a child has to map at the recorded address,
 *       replacing.
 *   <li>A log whose first lines have no pid column (strace to the terminal) belongs to the process
 *       that gets a pid later without having been created.
 *   <li>Any other unknown pid (strace attached to a running program, or process calls not recorded)
 *       is a thread of the oldest live process, unless its first call is {@code brk(NULL)}, with
 *       which a fresh program starts: then it has a space of its own, which starts empty.
 *   <li>A pid that is created again has exited unseen.
 * </ul>
 */
final class StraceEvents {

  private static final int UNKNOWN_ROOT = 0;

  private final Consumer<? super TraceEvent> sink;
  private final SkippedLines skipped;
  private final UnfinishedCalls unfinished;
  private final ProcessTable processes;
  private final SharedSegments segments = new SharedSegments();
  private final CallDecoder decoder = new CallDecoder(segments);
  private final int maxLineBytes;
  private int rootPid = UNKNOWN_ROOT;

  /** The start of a line that strace's own message cut in two. */
  private String severed = "";

  private long lineNumber;
  private long memoryEvents;

  StraceEvents(TraceLimits limits, Consumer<? super TraceEvent> sink, SkippedLines skipped) {
    this.sink = sink;
    this.skipped = skipped;
    this.maxLineBytes = limits.maxLineBytes();
    this.unfinished = new UnfinishedCalls(limits.maxUnfinishedCalls());
    this.processes = new ProcessTable(limits.maxProcesses());
  }

  /** How many events about memory, failed calls included, have been handed out. */
  long memoryEvents() {
    return memoryEvents;
  }

  /** Takes a line in; returns false if it is well formed and of no interest. */
  boolean accept(long number, String line) {
    lineNumber = number;
    int severedAt = StraceLine.severedAt(line);
    String text = severed + (severedAt < 0 ? line : line.substring(0, severedAt));
    boolean whole = severedAt < 0;
    severed = whole ? "" : text;
    if (text.length() > maxLineBytes) {
      severed = "";
      skipped.add(SkippedLine.of(number, "longer than the limit", text));
      return true;
    }
    if (!whole) {
      return false;
    }
    try {
      return switch (StraceLine.parse(text)) {
        case StraceLine.Noise() -> false;
        case StraceLine.Malformed(String reason) -> throw new MalformedCall(reason);
        case StraceLine.Exited(int pid) -> exited(canonical(pid));
        case StraceLine.Superseded(int pid, int byPid) -> superseded(canonical(pid), byPid);
        case StraceLine.Unfinished(int pid, String name, String start) ->
            began(canonical(pid), new UnfinishedCall(name, start, number));
        case StraceLine.Resumed(int pid, String name, String rest) ->
            resumed(canonical(pid), name, rest);
        case StraceLine.Call(int pid, String name, String call) ->
            returned(canonical(pid), CallKind.of(name), name, call);
      };
    } catch (MalformedCall e) {
      skipped.add(SkippedLine.of(number, String.valueOf(e.getMessage()), text));
      return true;
    }
  }

  private boolean began(int pid, UnfinishedCall call) {
    if (!processes.knows(pid) && unfinished.oldestCreator() == null && rootIsNameless()) {
      renameRoot(pid);
    }
    UnfinishedCall displaced = unfinished.put(pid, call);
    if (displaced != null && displaced.kind() != CallKind.IGNORED && !displaced.announced()) {
      skipped.add(
          SkippedLine.of(displaced.lineNumber(), "the call never returned", displaced.text()));
    }
    return call.kind() != CallKind.IGNORED;
  }

  private boolean resumed(int pid, String name, String rest) throws MalformedCall {
    nameRootBy(pid, name);
    UnfinishedCall call = unfinished.get(pid);
    if (call == null || !call.name().equals(name)) {
      if (CallKind.of(name) == CallKind.IGNORED) {
        return false;
      }
      throw new MalformedCall("resumes a call that never began");
    }
    boolean used;
    try {
      used = call.kind() != CallKind.IGNORED && finish(pid, call, rest);
    } finally {
      unfinished.remove(pid);
    }
    return used;
  }

  private boolean finish(int pid, UnfinishedCall begun, String rest) throws MalformedCall {
    String text = begun.text() + rest;
    if (begun.announced()) {
      StraceCall call = StraceCall.parse(begun.name(), text);
      if (call.failed()) {
        throw new MalformedCall("failed after its effect was seen by another thread");
      }
      return true;
    }
    if (begun.kind() == CallKind.CREATE && begun.child() >= 0) {
      return confirmChild(begun, StraceCall.parse(begun.name(), text));
    }
    return returned(pid, begun.kind(), begun.name(), text);
  }

  private boolean returned(int pid, CallKind kind, String name, String text) throws MalformedCall {
    if (kind == CallKind.IGNORED) {
      return false;
    }
    if (kind == CallKind.UNSUPPORTED) {
      throw new MalformedCall(name + " is not supported");
    }
    StraceCall call = StraceCall.parse(name, text);
    if (call.neverReturned()) {
      return false;
    }
    boolean fresh = text.startsWith("brk(NULL)") || kind == CallKind.EXEC;
    boolean first = !processes.knows(pid) && unfinished.oldestCreator() == null;
    CallSite site = new CallSite(lineNumber, pid, spaceOf(pid, fresh));
    if (call.failed()) {
      emit(new TraceEvent.Failed(site, name, call.error()), kind == CallKind.MEMORY);
      return true;
    }
    switch (kind) {
      case MEMORY -> memory(decoder.decode(call, site));
      case SEGMENT -> segments.created(call.resultNumber(), call.number(1));
      case CREATE -> created(site, call);
      case EXEC -> {
        // An execve that a log begins with starts the recorded program; there is nothing to leave.
        if (!first) {
          exec(site);
        }
      }
      case UNSUPPORTED, IGNORED -> throw new AssertionError(kind);
    }
    return kind != CallKind.SEGMENT;
  }

  private void memory(TraceEvent event) {
    if (event instanceof TraceEvent.Mmap(CallSite site, var request, long address)) {
      releaseOverlapping(site.spaceKey(), address, request.lengthBytes());
    } else if (event instanceof TraceEvent.Mremap(CallSite site, var old, var target, long address)
        && address != old.address()) {
      releaseOverlapping(site.spaceKey(), address, target.newLengthBytes());
    }
    emit(event, true);
  }

  /** Hands out the munmaps in flight that must have happened for this range to be given out. */
  private void releaseOverlapping(int spaceKey, long address, long lengthBytes) {
    for (Map.Entry<Integer, UnfinishedCall> entry : unfinished.entries()) {
      UnfinishedCall call = entry.getValue();
      if (call.announced()
          || !call.name().equals("munmap")
          || processes.spaceOf(entry.getKey()) != spaceKey) {
        continue;
      }
      CallSite site = new CallSite(call.lineNumber(), entry.getKey(), spaceKey);
      TraceEvent.Munmap munmap = begunMunmap(call, site);
      if (munmap != null
          && munmap.address() < address + lengthBytes
          && address < munmap.address() + munmap.lengthBytes()) {
        call.announce();
        emit(munmap, true);
      }
    }
  }

  /** The event of an munmap in flight, null if its line is malformed (reported when it resumes). */
  private static TraceEvent.@Nullable Munmap begunMunmap(UnfinishedCall call, CallSite site) {
    try {
      StraceCall parsed = StraceCall.parse(call.name(), call.text() + ") = 0");
      return new TraceEvent.Munmap(site, parsed.number(0), parsed.number(1));
    } catch (MalformedCall e) {
      return null;
    }
  }

  private void created(CallSite site, StraceCall call) throws MalformedCall {
    int child = ChildOf.pid(call);
    if (child <= 0) {
      throw new MalformedCall("not a child's pid");
    }
    if (child == site.pid()) {
      throw new MalformedCall("the child has its creator's pid");
    }
    if (processes.knows(child)) {
      exited(child);
    }
    addChild(site, call.name(), child, ChildOf.sharesMemory(call.name(), call.arguments()));
  }

  private void addChild(CallSite site, String call, int child, boolean shares)
      throws MalformedCall {
    requireRoom();
    int space = shares ? processes.add(child, site.spaceKey()) : processes.addWithNewSpace(child);
    if (!shares) {
      segments.copied(site.spaceKey(), space);
    }
    emit(new TraceEvent.Clone(site, call, child, space, shares), false);
  }

  /** A clone returns whose child has already been announced: is it the one? */
  private boolean confirmChild(UnfinishedCall begun, StraceCall call) throws MalformedCall {
    if (call.neverReturned() || begun.child() == (call.failed() ? 0 : ChildOf.pid(call))) {
      return true;
    }
    for (Map.Entry<Integer, UnfinishedCall> entry : unfinished.entries()) {
      UnfinishedCall other = entry.getValue();
      if (other != begun && !call.failed() && other.child() == ChildOf.pid(call)) {
        // Two clones in flight had each other's child: set the other one right as well.
        other.createdChild(begun.child());
      }
    }
    throw new MalformedCall(
        "process " + begun.child() + " spoke early and was taken for this call's child");
  }

  private void exec(CallSite site) {
    int previous = site.spaceKey();
    int space = processes.exec(site.pid());
    boolean previousEnded = endIfUnused(previous);
    CallSite fresh = new CallSite(site.lineNumber(), site.pid(), space);
    emit(new TraceEvent.Exec(fresh, previous, previousEnded), false);
  }

  private boolean exited(int pid) throws MalformedCall {
    if (!processes.knows(pid) && unfinished.oldestCreator() != null) {
      spaceOf(pid, false);
    }
    int space = processes.spaceOf(pid);
    unfinished.remove(pid);
    if (space == ProcessTable.NONE) {
      return false;
    }
    processes.exit(pid);
    boolean ended = endIfUnused(space);
    emit(new TraceEvent.Exit(new CallSite(lineNumber, pid, space), ended), false);
    return true;
  }

  /** A thread's execve ends all others and gives it the leader's pid. */
  private boolean superseded(int leader, int byPid) throws MalformedCall {
    unfinished.move(byPid, leader);
    return processes.knows(byPid) && exited(byPid);
  }

  private boolean endIfUnused(int space) {
    boolean ended = !processes.inUse(space);
    if (ended) {
      segments.ended(space);
    }
    return ended;
  }

  /** The space of a process; an unknown one is attributed by the rules of the class comment. */
  private int spaceOf(int pid, boolean fresh) throws MalformedCall {
    if (processes.knows(pid)) {
      return processes.spaceOf(pid);
    }
    Integer creator = unfinished.oldestCreator();
    if (creator != null && creator != pid && claim(creator, pid)) {
      return processes.spaceOf(pid);
    }
    if (rootIsNameless()) {
      renameRoot(pid);
      return processes.spaceOf(pid);
    }
    requireRoom();
    int oldest = processes.oldestPid();
    if (oldest == ProcessTable.NONE || fresh) {
      return processes.addWithNewSpace(pid);
    }
    return processes.add(pid, processes.spaceOf(oldest));
  }

  /** Takes {@code pid} for the child of the clone that {@code creator} has in flight. */
  private boolean claim(int creator, int pid) throws MalformedCall {
    UnfinishedCall call = unfinished.get(creator);
    if (call == null) {
      return false;
    }
    // Marked first: the creator may itself be unknown, and must not be taken for its own child.
    call.createdChild(pid);
    int space = spaceOf(creator, false);
    CallSite site = new CallSite(call.lineNumber(), creator, space);
    addChild(site, call.name(), pid, ChildOf.sharesMemoryInFlight(call.name(), call.text()));
    return true;
  }

  private void requireRoom() throws MalformedCall {
    if (processes.full()) {
      throw new MalformedCall("too many live processes");
    }
  }

  /** The pid of a line without one: the only live process, else the one the log began with. */
  private int canonical(int pid) {
    if (pid != StraceLine.NO_PID) {
      return pid;
    }
    return processes.liveCount() == 1 ? processes.oldestPid() : rootPid;
  }

  /** A pid that resumes what the process without a pid began is that process. */
  private void nameRootBy(int pid, String name) {
    UnfinishedCall ofRoot = unfinished.get(UNKNOWN_ROOT);
    if (rootPid == UNKNOWN_ROOT
        && pid != UNKNOWN_ROOT
        && ofRoot != null
        && ofRoot.name().equals(name)
        && unfinished.get(pid) == null) {
      renameRoot(pid);
    }
  }

  private boolean rootIsNameless() {
    return rootPid == UNKNOWN_ROOT && processes.knows(UNKNOWN_ROOT);
  }

  private void renameRoot(int pid) {
    rootPid = pid;
    processes.rename(UNKNOWN_ROOT, pid);
    unfinished.move(UNKNOWN_ROOT, pid);
  }

  private void emit(TraceEvent event, boolean aboutMemory) {
    if (aboutMemory) {
      memoryEvents++;
    }
    sink.accept(event);
  }
}
