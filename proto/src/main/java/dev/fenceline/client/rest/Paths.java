package dev.fenceline.client.rest;

/**
 * Where resources are, behind {@code /api/v1}. Stateless; ids are encoded, so that none leaves its
 * place.
 */
public final class Paths {
  private Paths() {}

  public static String host(String id) {
    return "/hosts/" + Query.encode(id);
  }

  public static String agent(String id) {
    return "/agents/" + Query.encode(id);
  }

  /**
   * @param id {@code agentId/index}
   * @throws IllegalArgumentException if it is not
   */
  public static String device(String id) {
    int slash = id.lastIndexOf('/');
    if (slash < 1 || !id.substring(slash + 1).matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException("not a device, as agent-1/0 is: " + id);
    }
    return "/devices/" + Query.encode(id.substring(0, slash)) + "/" + id.substring(slash + 1);
  }

  public static String space(String id) {
    return "/address-spaces/" + Query.encode(id);
  }

  public static String page(String spaceId, String address) {
    return space(spaceId) + "/pages/" + Query.encode(address);
  }

  public static String fence(String id) {
    return "/fences/" + Query.encode(id);
  }

  public static String program(String id) {
    return "/programs/" + Query.encode(id);
  }

  public static String pin(String id) {
    return "/pins/" + Query.encode(id);
  }
}
