package dev.fenceline.coordinator.engine;

import dev.fenceline.model.HumanTime;
import java.util.Locale;

/** Why a stream is ended against its node's will; immutable. */
public sealed interface Refusal {
  /** Stable, for metrics and problem types. */
  String slug();

  /** One sentence for a person: what was wrong, with the value, and what to do. */
  String message();

  /** A field of the report cannot be. */
  record Malformed(String field, String requirement) implements Refusal {
    @Override
    public String slug() {
      return "malformed";
    }

    @Override
    public String message() {
      return field + " " + requirement;
    }
  }

  /** Another process reports under the id, and it is alive. */
  record NodeIdTaken(NodeKey node, String holderEndpoint, long holderBootToken, long silentNanos)
      implements Refusal {
    @Override
    public String slug() {
      return "node-id-taken";
    }

    @Override
    public String message() {
      return "%s id %s belongs to a live process at %s (boot token 0x%016x, heard of %s ago): stop that one or choose another id"
          .formatted(
              node.kind().name().toLowerCase(Locale.ROOT),
              node.nodeId(),
              holderEndpoint,
              holderBootToken,
              HumanTime.of(silentNanos));
    }
  }

  /** A stream reported for one process, then for another one. */
  record IdentityChanged(NodeKey was) implements Refusal {
    @Override
    public String slug() {
      return "identity-changed";
    }

    @Override
    public String message() {
      return "this stream registered "
          + was.kind()
          + " "
          + was.nodeId()
          + ": kind, node_id and boot_token must stay, open a stream of its own";
    }
  }

  /** The same process opened a newer stream. */
  record Superseded(long byStreamId) implements Refusal {
    @Override
    public String slug() {
      return "superseded";
    }

    @Override
    public String message() {
      return "the node opened a newer report stream; this one is not listened to any more";
    }
  }

  /** The registry is at its bound. */
  record RegistryFull(String what, int limit) implements Refusal {
    @Override
    public String slug() {
      return "registry-full";
    }

    @Override
    public String message() {
      return "the coordinator keeps at most " + limit + " " + what + ", and all of them are alive";
    }
  }

  /** A stream on which no report came in time. */
  record Silent(long silentNanos) implements Refusal {
    @Override
    public String slug() {
      return "silent";
    }

    @Override
    public String message() {
      return "no report came for "
          + HumanTime.of(silentNanos)
          + "; open a new stream to register again";
    }
  }
}
