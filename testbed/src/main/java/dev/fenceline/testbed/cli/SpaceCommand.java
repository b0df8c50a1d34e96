package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Operation;
import dev.fenceline.client.resource.SpaceOperation;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.model.Protection;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline space}: creates, destroys and changes address spaces. Confined to the main
 * thread.
 */
@Command(
    name = "space",
    mixinStandardHelpOptions = true,
    description = "Creates, destroys and changes address spaces.",
    subcommands = {
      SpaceCommand.Create.class,
      SpaceSetCommand.class,
      SpaceCommand.Destroy.class,
      SpaceCommand.MapPages.class,
      SpaceCommand.Unmap.class,
      SpaceCommand.Protect.class,
      SpaceCommand.Remap.class,
      SpaceCommand.Advise.class,
      SpaceCommand.Invalidate.class,
      SpaceAttributesCommand.class
    })
final class SpaceCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Name what to do with the address space.");
    }
  }

  /** Confined to the main thread. */
  @Command(name = "create", description = "A new, empty address space; prints its id.")
  static final class Create extends WriteCommand {
    @Option(
        names = "--host",
        paramLabel = "HOST",
        description = "Where, if there are several hosts.")
    private @Nullable String host;

    @Option(names = "--name", paramLabel = "NAME", description = "For people.")
    private String name = "";

    @Option(
        names = "--mode",
        paramLabel = "MODE",
        description = "split or sequential (default: the host's policy).")
    private @Nullable String mode;

    @Option(
        names = "--oom-score-adjust",
        paramLabel = "N",
        description =
            "Thousandths of the host's memory by which it counts as larger when somebody has to be killed for want of memory; -1000: never (default: 0).")
    private int oomScoreAdjust;

    @Override
    JsonNode change(CoordinatorClient coordinator) {
      Map<String, Object> body = new LinkedHashMap<>();
      if (host != null) {
        body.put("hostId", host);
      }
      body.put("name", name);
      if (mode != null) {
        body.put("notificationMode", mode);
      }
      if (oomScoreAdjust != 0) {
        body.put("oomScoreAdjust", oomScoreAdjust);
      }
      return coordinator.post("/address-spaces", body);
    }

    @Override
    void confirm(JsonNode answer, CoordinatorClient coordinator, Screen screen) {
      screen.line(answer.path("id").asString(""));
    }
  }

  /** An operation that may have to wait for fences. Confined to the main thread. */
  abstract static class Change extends WriteCommand {
    private boolean backedOff;

    @Parameters(
        index = "0",
        paramLabel = "SPACE",
        description = "Host and number, such as host-1.1.")
    String space = "";

    @Override
    void confirm(JsonNode answer, CoordinatorClient coordinator, Screen screen) {
      Operation operation = coordinator.value(answer, Operation.class);
      switch (operation.toOutcome()) {
        case Operation.Done done -> screen.line("done" + at(operation) + times(operation));
        case Operation.BackedOff back -> {
          backedOff = true;
          screen.line(
              Style.DOUBTFUL,
              "backed off: a device was still using it; nothing changed" + times(operation));
        }
      }
    }

    /** A script wants to know whether it happened. */
    @Override
    final int exitCode() {
      return backedOff ? ExitCodes.FAILED : ExitCodes.OK;
    }

    private static String at(Operation operation) {
      return operation.address() == null ? "" : " at " + operation.address();
    }

    private static String times(Operation operation) {
      return operation.fenceId() == null
          ? ""
          : "; fence %s: schedule %s, unmap %s, wait %s, %s had to drain"
              .formatted(
                  operation.fenceId(),
                  States.micros(operation.scheduleMicros()),
                  States.micros(operation.unmapMicros()),
                  States.micros(operation.waitMicros()),
                  Quantities.plural(operation.fencesWaited(), "device"));
    }
  }

  /** Confined to the main thread. */
  @Command(
      name = "destroy",
      description = "Ends an address space: unmaps everything and releases its mirrors.")
  static final class Destroy extends Change {
    @Override
    JsonNode change(CoordinatorClient coordinator) {
      return coordinator.delete(Paths.space(space));
    }
  }

  /** An operation by its members. Confined to the main thread. */
  abstract static class Operate extends Change {
    @Option(
        names = "--wait",
        paramLabel = "HOW",
        description =
            "block (until all devices have drained), try (back off at once), or a bound such as 500ms (default: block).")
    String waiting = "block";

    abstract SpaceOperation operation();

    @Override
    final JsonNode change(CoordinatorClient coordinator) {
      return coordinator.post(Paths.space(space) + "/operations", operation().body());
    }
  }

  /** An operation on [address, address + length). Confined to the main thread. */
  abstract static class OnInterval extends Operate {
    @Parameters(index = "1", paramLabel = "ADDRESS", description = "0x... or decimal.")
    String address = "";

    @Parameters(
        index = "2",
        paramLabel = "LENGTH",
        description = "4096, 64KiB, 2MiB, or 16p for pages.")
    String length = "";
  }

  /** Confined to the main thread. */
  @Command(name = "map", description = "Maps memory; prints where.")
  static final class MapPages extends Operate {
    @Parameters(
        index = "1",
        paramLabel = "LENGTH",
        description = "4096, 64KiB, 2MiB, or 16p for pages.")
    private String length = "";

    @Option(
        names = "--address",
        paramLabel = "ADDRESS",
        description = "A hint, unless --placement says otherwise.")
    private @Nullable String address;

    @Option(
        names = "--placement",
        paramLabel = "HOW",
        description =
            "anywhere, fixed (unmaps what is there) or fixed-noreplace (default: anywhere).")
    private String placement = "anywhere";

    @Option(
        names = "--protection",
        paramLabel = "rwx",
        description = "Such as rw- (the default) or r--.")
    private String protection = "rw-";

    @Option(names = "--shared", description = "Shared, not private.")
    private boolean shared;

    @Option(
        names = "--backing",
        paramLabel = "NAME",
        description = "What is mapped (default: anonymous memory).")
    private String backing = "";

    @Option(
        names = "--offset",
        paramLabel = "BYTES",
        description = "Offset in the backing (default: 0).")
    private String offset = "0";

    @Option(
        names = "--hugetlb",
        description =
            "Pages of 2 MiB only, all taken at once, that stay at the host; address and length fit to"
                + " that.")
    private boolean hugetlb;

    @Override
    SpaceOperation operation() {
      return new SpaceOperation.Mapping(
          address == null ? null : Sizes.address(address),
          Sizes.bytes(length),
          protection(protection),
          placement,
          shared,
          backing,
          Sizes.bytes(offset),
          hugetlb,
          Sizes.waiting(waiting));
    }
  }

  private static Protection protection(String text) {
    if (!text.matches("[r-][w-][x-]")) {
      throw new IllegalArgumentException(
          "'" + text + "' is no protection; write it as rw-, r-- or r-x");
    }
    return new Protection(text.charAt(0) == 'r', text.charAt(1) == 'w', text.charAt(2) == 'x');
  }

  /** Confined to the main thread. */
  @Command(name = "unmap", description = "Takes mappings away.")
  static final class Unmap extends OnInterval {
    @Override
    SpaceOperation operation() {
      return new SpaceOperation.Unmap(
          Sizes.address(address), Sizes.bytes(length), Sizes.waiting(waiting));
    }
  }

  /** Confined to the main thread. */
  @Command(name = "protect", description = "Changes what mappings permit.")
  static final class Protect extends OnInterval {
    @Parameters(index = "3", paramLabel = "PROTECTION", description = "Such as r-- or rw-.")
    private String protection = "";

    @Override
    SpaceOperation operation() {
      return new SpaceOperation.Protect(
          Sizes.address(address),
          Sizes.bytes(length),
          protection(protection),
          Sizes.waiting(waiting));
    }
  }

  /** Confined to the main thread. */
  @Command(name = "remap", description = "Resizes or moves a mapping.")
  static final class Remap extends OnInterval {
    @Parameters(index = "3", paramLabel = "NEW-LENGTH", description = "As LENGTH.")
    private String newLength = "";

    @Option(names = "--may-move", description = "It may move if there is no room.")
    private boolean mayMove;

    @Option(
        names = "--to",
        paramLabel = "ADDRESS",
        description = "Move it there; what is there is unmapped first.")
    private @Nullable String to;

    @Override
    SpaceOperation operation() {
      Long target = to == null ? null : Long.valueOf(Sizes.address(to));
      return new SpaceOperation.Remap(
          Sizes.address(address),
          Sizes.bytes(length),
          Sizes.bytes(newLength),
          mayMove || target != null,
          target,
          Sizes.waiting(waiting));
    }
  }

  /** Confined to the main thread. */
  @Command(
      name = "advise",
      description =
          "As madvise(2): dontneed drops the pages, willneed faults them in, hugepage maps pages of"
              + " 2 MiB from now on, collapse makes such of those that are there.")
  static final class Advise extends OnInterval {
    @Parameters(
        index = "3",
        paramLabel = "ADVICE",
        description =
            "normal, dontneed, free, willneed, dontfork, dofork, wipeonfork, keeponfork, hugepage,"
                + " nohugepage or collapse.")
    private String advice = "";

    @Override
    SpaceOperation operation() {
      return new SpaceOperation.Advise(
          Sizes.address(address), Sizes.bytes(length), advice, Sizes.waiting(waiting));
    }
  }

  /** Confined to the main thread. */
  @Command(
      name = "invalidate",
      description = "Invalidates every translation, as a reclaim would; the bytes stay.")
  static final class Invalidate extends OnInterval {
    @Override
    SpaceOperation operation() {
      return new SpaceOperation.Invalidate(
          Sizes.address(address), Sizes.bytes(length), Sizes.waiting(waiting));
    }
  }
}
