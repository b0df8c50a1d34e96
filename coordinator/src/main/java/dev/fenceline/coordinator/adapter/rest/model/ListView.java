package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of a list; immutable. */
@Schema(description = "A page of a list")
public record ListView<T>(
    List<T> items,
    @Schema(
            description = "Pass as `cursor` to go on; null when this is the last page",
            nullable = true)
        @Nullable String nextCursor) {
  public ListView {
    items = List.copyOf(items);
  }
}
