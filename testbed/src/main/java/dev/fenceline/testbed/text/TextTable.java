package dev.fenceline.testbed.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of text under a header, aligned in columns and no wider than asked for. Confined to one
 * thread.
 *
 * <p>A header that begins with {@code >} aligns its column to the right; one that begins with
 * {@code ~} lets its column be cut when the table is too wide.
 */
public final class TextTable {
  private static final String GAP = "  ";
  private static final int LEAST_CUT_WIDTH = 8;

  private final List<Column> columns;
  private final String indent;
  private final List<List<Cell>> rows = new ArrayList<>();
  private int[] widths;

  private TextTable(String indent, String... headers) {
    this.indent = indent;
    this.columns = Arrays.stream(headers).map(Column::of).toList();
    this.widths = columns.stream().mapToInt(column -> column.header.length()).toArray();
  }

  /** A table at the left margin. */
  public static TextTable of(String... headers) {
    return new TextTable("", headers);
  }

  /** A table that stands below a title. */
  public static TextTable indented(String... headers) {
    return new TextTable("  ", headers);
  }

  private record Column(String header, boolean right, boolean cuttable) {
    static Column of(String header) {
      boolean right = header.startsWith(">");
      boolean cuttable = header.startsWith("~");
      return new Column(right || cuttable ? header.substring(1) : header, right, cuttable);
    }
  }

  /** A text and how it looks; immutable. */
  public record Cell(String text, Style style) {
    static Cell of(Object value) {
      return value instanceof Cell cell ? cell : new Cell(String.valueOf(value), Style.PLAIN);
    }
  }

  /** Adds a row with as many cells as the header has: {@link Cell}s, or anything as its text. */
  public void row(Object... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException("a row of " + cells.length + " cells");
    }
    List<Cell> row = Arrays.stream(cells).map(Cell::of).toList();
    rows.add(row);
    for (int column = 0; column < widths.length; column++) {
      widths[column] = Math.max(widths[column], row.get(column).text().length());
    }
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  public int size() {
    return rows.size();
  }

  /** Appends all of it without colours, as wide as it is. */
  public void appendTo(StringBuilder out) {
    appendTo(out, Integer.MAX_VALUE, false);
  }

  /** Appends header and rows, no wider than {@code maxWidth}. */
  public void appendTo(StringBuilder out, int maxWidth, boolean coloured) {
    int[] fitted = fit(maxWidth - indent.length());
    List<Cell> header =
        columns.stream().map(column -> new Cell(column.header(), Style.BOLD)).toList();
    appendRow(out, header, fitted, coloured);
    appendRows(out, fitted, coloured);
  }

  /**
   * As {@link #appendTo}, without the header; then forgets the rows, but not how wide they were.
   */
  public void continueTo(StringBuilder out, int maxWidth, boolean coloured) {
    appendRows(out, fit(maxWidth - indent.length()), coloured);
    rows.clear();
  }

  private void appendRows(StringBuilder out, int[] fitted, boolean coloured) {
    for (List<Cell> row : rows) {
      appendRow(out, row, fitted, coloured);
    }
  }

  /** Forgets the rows. */
  public void clear() {
    rows.clear();
  }

  /** Cuts the widest cuttable column character by character until the table fits. */
  private int[] fit(int maxWidth) {
    int[] fitted = widths.clone();
    long total =
        Arrays.stream(fitted).asLongStream().sum() + (long) GAP.length() * (fitted.length - 1);
    while (total > maxWidth) {
      int widest = -1;
      for (int column = 0; column < fitted.length; column++) {
        if (columns.get(column).cuttable()
            && fitted[column] > LEAST_CUT_WIDTH
            && (widest < 0 || fitted[column] > fitted[widest])) {
          widest = column;
        }
      }
      if (widest < 0) {
        return fitted;
      }
      fitted[widest]--;
      total--;
    }
    return fitted;
  }

  private void appendRow(StringBuilder out, List<Cell> row, int[] fitted, boolean coloured) {
    int last = row.size() - 1;
    while (last > 0 && row.get(last).text().isEmpty()) {
      last--;
    }
    out.append(indent);
    for (int column = 0; column <= last; column++) {
      Cell cell = row.get(column);
      String text = cut(cell.text(), fitted[column]);
      String padding = " ".repeat(fitted[column] - text.length());
      out.append(column == 0 ? "" : GAP);
      if (columns.get(column).right()) {
        out.append(padding).append(cell.style().paint(text, coloured));
      } else {
        out.append(cell.style().paint(text, coloured)).append(column == last ? "" : padding);
      }
    }
    out.append('\n');
  }

  private static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "…";
  }
}
