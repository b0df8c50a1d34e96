package dev.fenceline.host.engine.space;

import dev.fenceline.model.Pages;

/** Where an engine gets frames from; implementations are shared by shards and must allow that. */
public interface FrameSource {
  /** What {@link #allocate} answers when every frame is in use. */
  int NONE_LEFT = -1;

  /** A frame number, at least 1, whose content is unspecified; or {@link #NONE_LEFT}. */
  int allocate();

  /**
   * The first of 512 consecutive frames, a multiple of 512, whose content is unspecified; or {@link
   * #NONE_LEFT}, although single frames may be free. They are given back one by one or together.
   */
  default int allocateBlock() {
    return NONE_LEFT;
  }

  /** Frames that are free at some moment during the call; more than enough if it is not known. */
  default long available() {
    return Long.MAX_VALUE;
  }

  /** Gives back a frame whose content was never used. */
  void cancel(int frame);

  /** Gives back what {@link #allocateBlock} gave, of which nothing was ever used. */
  default void cancelBlock(int first) {
    for (int i = Pages.PER_BLOCK - 1; i >= 0; i--) {
      cancel(first + i);
    }
  }
}
