package dev.fenceline.testbed.text;

/** How a word stands out on a terminal that shows colours. Immutable. */
public enum Style {
  PLAIN(""),
  GOOD("32"),
  DOUBTFUL("33"),
  BAD("31"),
  FAINT("2"),
  BOLD("1");

  private final String code;

  Style(String code) {
    this.code = code;
  }

  /** The text, wrapped in its colour if {@code coloured}. */
  public String paint(String text, boolean coloured) {
    return coloured && !code.isEmpty() && !text.isBlank()
        ? "\u001b[" + code + "m" + text + "\u001b[0m"
        : text;
  }

  /** The text as a cell of a table. */
  public TextTable.Cell cell(Object text) {
    return new TextTable.Cell(String.valueOf(text), this);
  }
}
