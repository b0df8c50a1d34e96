package dev.fenceline.testbed.transcript;

import dev.fenceline.model.MigrationRun;
import java.util.List;
import java.util.stream.Collectors;

/** The runs of a migration in the words of a transcript. Stateless. */
final class MigrationWords {
  private MigrationWords() {}

  static String of(List<? extends MigrationRun> runs) {
    return runs.stream().map(MigrationWords::of).collect(Collectors.joining(", "));
  }

  private static String of(MigrationRun run) {
    return run.pageCount()
        + " "
        + switch (run) {
          case MigrationRun.In in -> "%s gen %d".formatted(in.source(), in.generation());
          case MigrationRun.Out out ->
              out.skipped()
                  ? "skipped"
                  : "local %d gen %d".formatted(out.firstLocalPage(), out.generation());
          case MigrationRun.Report report ->
              "%s local %d".formatted(report.outcome(), report.firstLocalPage());
          case MigrationRun.Commit commit ->
              commit.accepted()
                  ? "accepted gen %d%s"
                      .formatted(commit.generation(), commit.writable() ? " writable" : "")
                  : "refused";
        };
  }
}
