package dev.fenceline.coordinator.adapter.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The callers that a file knows by their tokens. Thread-safe. The file is read again when it has
 * changed; one that cannot be used then is told of and changes nothing.
 */
public final class TokenFile {
  private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern NAME = Pattern.compile("[\\p{Alnum}][\\p{Alnum}._@-]{0,63}");
  private static final long LOOK_INTERVAL_NANOS = 1_000_000_000L;
  private static final int MIN_TOKEN_LENGTH = 16;
  private static final long MAX_FILE_BYTES = 1 << 20;

  private final Path file;
  private final LongSupplier nanoClock;
  private volatile Map<String, Caller> byHash;
  private FileTime readAs;
  private long lookedNanos;

  /**
   * @throws UnusableTokenFile if it cannot be read or understood
   */
  public TokenFile(Path file, LongSupplier nanoClock) {
    this.file = file;
    this.nanoClock = nanoClock;
    this.readAs = changed();
    this.byHash = read();
    this.lookedNanos = nanoClock.getAsLong();
  }

  /** Whose token it is. */
  Optional<Caller> caller(String token) {
    return callerByHash(Secrets.hash(token));
  }

  /** Who has the token with this hash, if it is still in the file. */
  Optional<Caller> callerByHash(String hash) {
    refresh();
    return Optional.ofNullable(byHash.get(hash));
  }

  private synchronized void refresh() {
    long now = nanoClock.getAsLong();
    if (now - lookedNanos < LOOK_INTERVAL_NANOS) {
      return;
    }
    lookedNanos = now;
    try {
      FileTime changed = changed();
      if (!changed.equals(readAs)) {
        readAs = changed;
        byHash = read();
        LOG.info("{} was read again: {} tokens", file, byHash.size());
      }
    } catch (UnusableTokenFile unusable) {
      LOG.error("the tokens known before stay in force: {}", unusable.getMessage());
    }
  }

  private FileTime changed() {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new UnusableTokenFile("tokens file " + file + " cannot be read: " + e, e);
    }
  }

  private Map<String, Caller> read() {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new UnusableTokenFile("tokens file " + file + " is larger than 1 MiB", null);
      }
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw new UnusableTokenFile("tokens file " + file + " cannot be read: " + e, e);
    } catch (YAMLException e) {
      // Its message would quote the line, and with it a token.
      throw new UnusableTokenFile("tokens file " + file + " is no YAML", null);
    }
  }

  private Map<String, Caller> parse(String text) {
    Object document = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
    if (!(document instanceof Map<?, ?> top) || !(top.get("tokens") instanceof List<?> entries)) {
      throw unusable("must have a list `tokens`");
    }
    Map<String, Caller> callers = new HashMap<>();
    for (int i = 0; i < entries.size(); i++) {
      String where = "tokens[" + i + "]";
      if (!(entries.get(i) instanceof Map<?, ?> entry)) {
        throw unusable(where + " must have name, role and sha256");
      }
      Caller caller = new Caller(name(where, entry), role(where, entry));
      if (callers.put(hash(where, entry), caller) != null) {
        throw unusable(where + " has the token of another entry");
      }
    }
    return callers;
  }

  private String name(String where, Map<?, ?> entry) {
    if (entry.get("name") instanceof String name && NAME.matcher(name).matches()) {
      return name;
    }
    throw unusable(where + ".name must be 1 to 64 letters, digits, '.', '_', '@' or '-'");
  }

  private Role role(String where, Map<?, ?> entry) {
    if (entry.get("role") instanceof String word) {
      return Role.of(word)
          .orElseThrow(() -> unusable(where + ".role must be viewer, operator or admin"));
    }
    throw unusable(where + ".role must be viewer, operator or admin");
  }

  private String hash(String where, Map<?, ?> entry) {
    if (entry.get("sha256") instanceof String hash && HASH.matcher(hash).matches()) {
      return hash;
    }
    if (entry.get("sha256") == null
        && entry.get("token") instanceof String token
        && token.length() >= MIN_TOKEN_LENGTH) {
      return Secrets.hash(token);
    }
    throw unusable(
        where
            + " must have sha256 (64 hexadecimal digits), or token (16 characters at least) where"
            + " the file itself is kept secret");
  }

  private UnusableTokenFile unusable(String why) {
    return new UnusableTokenFile("tokens file " + file + " " + why, null);
  }
}
