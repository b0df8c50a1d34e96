package dev.fenceline.host.runtime;

import dev.fenceline.model.Errno;
import java.util.List;

/**
 * Port: the transport's side of one attach stream. Called by one thread at a time; must not block,
 * and ignores calls after the stream has ended.
 */
public interface Outlet {
  /** Whether more can be written without piling up behind a slow reader. */
  boolean isReady();

  /** Writes one message that consists of these parts. */
  void write(List<byte[]> parts);

  /** Ends the stream in good order, behind what was written. */
  void end();

  /** Ends the stream because the agent broke the contract, behind what was written. */
  void fail(Errno errno, String reason);
}
