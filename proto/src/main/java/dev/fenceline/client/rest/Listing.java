package dev.fenceline.client.rest;

import dev.fenceline.client.resource.Unavailable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A list of the coordinator, however long: its pages are asked for one by one while it is walked,
 * so that one page at a time is in memory. Immutable; each walk asks anew. A walk belongs to one
 * thread.
 *
 * @param <T> what the list consists of
 */
public final class Listing<T> implements Iterable<T> {
  private static final int PAGE_ITEMS = 500;

  private final RestConnection connection;
  private final String path;
  private final Query query;
  private final Class<T> type;

  Listing(RestConnection connection, String path, Query query, Class<T> type) {
    this.connection = connection;
    this.path = path;
    this.query = query.has("limit") ? query : query.limit(PAGE_ITEMS);
    this.type = type;
  }

  /**
   * One answer of the coordinator; immutable.
   *
   * @param nextCursor null if this is the last page
   * @param sequence of the address space when the host read this page, null for lists of other
   *     things; when it differs from page to page, the address space changed in between
   * @param truncated more exists behind this page, whether or not a cursor leads there
   * @param unavailable nodes whose items are missing here
   */
  public record Page<T>(
      List<T> items,
      @Nullable String nextCursor,
      @Nullable Long sequence,
      boolean truncated,
      List<Unavailable> unavailable) {}

  /** The answers as they came. */
  public Iterable<JsonNode> documents() {
    return () -> new Documents(connection, path, query);
  }

  /** The answers with their items. */
  public Iterable<Page<T>> pages() {
    return () -> {
      Iterator<JsonNode> documents = documents().iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return documents.hasNext();
        }

        @Override
        public Page<T> next() {
          return page(documents.next());
        }
      };
    };
  }

  private Page<T> page(JsonNode document) {
    List<T> items = new ArrayList<>();
    document.path("items").forEach(item -> items.add(connection.value(item, type)));
    List<Unavailable> unavailable = new ArrayList<>();
    for (String who : new String[] {"unavailableHosts", "unavailableAgents"}) {
      document
          .path(who)
          .forEach(each -> unavailable.add(connection.value(each, Unavailable.class)));
    }
    JsonNode sequence = document.path("sequence");
    return new Page<>(
        items,
        Documents.nextCursor(document),
        sequence.isNumber() ? sequence.asLong() : null,
        document.path("truncated").asBoolean(false),
        unavailable);
  }

  /** The items of all pages. */
  @Override
  public Iterator<T> iterator() {
    Iterator<Page<T>> pages = pages().iterator();
    return new Iterator<>() {
      private Iterator<T> items = List.<T>of().iterator();

      @Override
      public boolean hasNext() {
        while (!items.hasNext() && pages.hasNext()) {
          items = pages.next().items().iterator();
        }
        return items.hasNext();
      }

      @Override
      public T next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return items.next();
      }
    };
  }

  /** The items of all pages, lazily. */
  public Stream<T> stream() {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED | Spliterator.NONNULL),
        false);
  }

  /** Walks the cursors. Confined to one thread. */
  private static final class Documents implements Iterator<JsonNode> {
    private final RestConnection connection;
    private final String path;
    private @Nullable Query next;

    Documents(RestConnection connection, String path, Query query) {
      this.connection = connection;
      this.path = path;
      this.next = query;
    }

    static @Nullable String nextCursor(JsonNode document) {
      JsonNode cursor = document.path("nextCursor");
      return cursor.isString() ? cursor.asString() : null;
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public JsonNode next() {
      Query query = next;
      if (query == null) {
        throw new NoSuchElementException();
      }
      JsonNode document = connection.get(path, query);
      String cursor = nextCursor(document);
      next = cursor == null ? null : query.with("cursor", cursor);
      return document;
    }
  }
}
