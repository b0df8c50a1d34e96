package dev.fenceline.testbed.bench;

import java.io.IOException;
import java.util.List;

/** One measurement of the product. Confined to the thread that runs it. */
interface Bench {
  /** What {@code --only} calls it. */
  String name();

  /**
   * Measures.
   *
   * @throws IOException if a server cannot listen on loopback
   * @throws IllegalStateException if what is measured does not do what it should
   */
  List<Figure> run(Effort effort) throws IOException, InterruptedException;
}
