package dev.fenceline.testbed.observability;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Turns what a dashboard or an alert says into a query that stands by itself. Stateless. */
final class PromQl {
  /** Room for several scrapes of a test, which scrapes once a second. */
  private static final String RATE_INTERVAL = "20s";

  private static final Pattern COMPARISON =
      Pattern.compile("\\s*(==|!=|<=|>=|<|>)\\s*(bool\\s+)?-?[0-9.]+(e-?[0-9]+)?");

  private static final Pattern VARIABLE = Pattern.compile("\\$\\{?[A-Za-z_]");

  private PromQl() {}

  /** With Grafana's variables as it fills them in when all is chosen. */
  static String substituted(String expression) {
    Map<String, String> values = new TreeMap<>();
    values.put("$__rate_interval", RATE_INTERVAL);
    values.put("$__interval", RATE_INTERVAL);
    values.put("$host", ".*");
    values.put("$agent", ".*");
    String query = expression;
    for (Map.Entry<String, String> value : values.entrySet()) {
      query = query.replace(value.getKey(), value.getValue());
    }
    if (VARIABLE.matcher(query).find()) {
      throw new AssertionError("a variable that is not known in " + query);
    }
    return query;
  }

  /** An alert's expression without the thresholds: it must have data while all is well. */
  static String withoutComparisons(String expression) {
    String value = COMPARISON.matcher(expression).replaceAll("");
    if (value.equals(expression)) {
      throw new AssertionError("an alert compares with a number: " + expression);
    }
    return value;
  }
}
