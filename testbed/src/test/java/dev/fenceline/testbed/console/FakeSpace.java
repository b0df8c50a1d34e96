package dev.fenceline.testbed.console;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * An address space of very many mappings, as REST tells of it. Immutable; where anything "changes"
 * it follows the tick that is asked for.
 */
final class FakeSpace {
  static final long PAGE = 4096;

  private static final long BASE = 0x7e00_0000_0000L;
  private static final int HOLDERS_TOLD = 16;

  private final String id;
  private final int devices;
  private final long[] starts;
  private final int[] pages;
  private final long sumOfPages;

  FakeSpace(String id, int ranges, int devices, long seed) {
    this.id = id;
    this.devices = devices;
    this.starts = new long[ranges];
    this.pages = new int[ranges];
    SplittableRandom random = new SplittableRandom(seed);
    long at = BASE;
    long sum = 0;
    for (int i = 0; i < ranges; i++) {
      starts[i] = at;
      pages[i] = 1 + random.nextInt(256);
      sum += pages[i];
      long gap = i % 20_000 == 19_999 ? 1L << 20 : 1 + random.nextInt(32);
      at += (pages[i] + gap) * PAGE;
    }
    this.sumOfPages = sum;
  }

  int count() {
    return starts.length;
  }

  private long end(int range) {
    return starts[range] + pages[range] * PAGE;
  }

  Map<String, Object> view(long tick) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", id);
    view.put("hostId", id.substring(0, id.indexOf('.')));
    view.put("spaceId", id.substring(id.indexOf('.') + 1));
    view.put("name", "fleet");
    view.put("notificationMode", "split");
    view.put("mappingCount", count());
    view.put("mappedPages", sumOfPages);
    view.put("residentPages", sumOfPages / 2);
    view.put("mirrorCount", devices);
    view.put("sequence", tick);
    view.put("pendingInvalidationCount", 3);
    return view;
  }

  private int firstBehind(long address) {
    int found = Arrays.binarySearch(starts, address);
    int at = found >= 0 ? found : -found - 2;
    return at >= 0 && end(at) > address ? at : at + 1;
  }

  /** A page of the list of ranges that meet the interval; the cursor is a range's number. */
  Map<String, Object> ranges(long start, long end, int from, int limit, long tick) {
    List<Object> items = new ArrayList<>();
    int at = Math.max(from, firstBehind(start));
    while (at < count() && starts[at] < end && items.size() < limit) {
      items.add(range(at++, tick));
    }
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("addressSpaceId", id);
    page.put("sequence", tick);
    page.put("items", items);
    page.put("nextCursor", at < count() && starts[at] < end ? String.valueOf(at) : null);
    return page;
  }

  private Map<String, Object> range(int number, long tick) {
    boolean invalidating = invalidating(number, tick);
    Map<String, Object> range = new LinkedHashMap<>();
    range.put("start", hex(starts[number]));
    range.put("end", hex(end(number)));
    range.put("pages", pages[number]);
    range.put("protection", "rw-");
    range.put("shared", false);
    range.put("backing", "anonymous");
    range.put("offset", "0x0");
    range.put("state", invalidating ? "invalidating" : "partly-resident");
    range.put("residentPages", pages[number] / 2);
    range.put("invalidatingPages", invalidating ? pages[number] : 0);
    range.put("generation", tick);
    range.put("holders", List.of(holder(number), holder(number + 7)));
    return range;
  }

  private static boolean invalidating(int number, long tick) {
    return (number + tick) % 997 == 0;
  }

  private Map<String, Object> holder(int number) {
    String device = device(number % devices);
    Map<String, Object> holder = new LinkedHashMap<>();
    holder.put("device", device);
    holder.put("deviceName", device.replace('/', '-'));
    holder.put("mirrors", true);
    holder.put("heldPages", 1 + number % 9);
    return holder;
  }

  static String device(int number) {
    return "agent-" + (number / 8 + 1) + "/" + number % 8;
  }

  /** The interval in cells; all of it without an interval. */
  Map<String, Object> map(long start, long end, int cells, long tick) {
    long from = start < 0 ? starts[0] : start;
    long to = start < 0 ? end(count() - 1) : end;
    long cellPages = Math.max(1, Math.ceilDiv((to - from) / PAGE, cells));
    TreeMap<Integer, long[]> sums = new TreeMap<>();
    TreeMap<Integer, Integer> holders = new TreeMap<>();
    for (int at = firstBehind(from); at < count() && starts[at] < to; at++) {
      int cell = (int) ((Math.max(from, starts[at]) - from) / PAGE / cellPages);
      long[] sum = sums.computeIfAbsent(cell, key -> new long[4]);
      sum[0] += pages[at];
      sum[1] += pages[at] / 2;
      sum[2] += invalidating(at, tick) ? pages[at] : 0;
      sum[3] = Math.min(devices, sum[3] + 2);
      holders.merge(at % devices, pages[at], Integer::sum);
    }
    List<Integer> positions = List.copyOf(holders.keySet());
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("addressSpaceId", id);
    map.put("start", hex(from));
    map.put("end", hex(to));
    map.put("cellPages", cellPages);
    map.put("sequence", tick);
    map.put("devices", holders.entrySet().stream().map(FakeSpace::mapDevice).toList());
    map.put(
        "cells",
        sums.entrySet().stream()
            .map(each -> cell(from, cellPages, each.getKey(), each.getValue(), positions))
            .toList());
    return map;
  }

  private static Map<String, Object> mapDevice(Map.Entry<Integer, Integer> holder) {
    String device = device(holder.getKey());
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("device", device);
    view.put("deviceName", device.replace('/', '-'));
    view.put("heldPages", holder.getValue());
    return view;
  }

  private static Map<String, Object> cell(
      long from, long cellPages, int index, long[] sum, List<Integer> positions) {
    List<Integer> told = new ArrayList<>();
    for (int i = 0; i < Math.min(HOLDERS_TOLD, Math.min(sum[3], positions.size())); i++) {
      told.add((index * 31 + i * 7) % positions.size());
    }
    Map<String, Object> cell = new LinkedHashMap<>();
    cell.put("index", index);
    cell.put("start", hex(from + index * cellPages * PAGE));
    cell.put("mappedPages", sum[0]);
    cell.put("residentPages", sum[1]);
    cell.put("invalidatingPages", sum[2]);
    cell.put("holders", told);
    cell.put("holderCount", sum[3]);
    return cell;
  }

  Map<String, Object> page(long address, long tick) {
    int at = firstBehind(address);
    boolean mapped = at < count() && starts[at] <= address;
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("addressSpaceId", id);
    page.put("address", hex(address));
    page.put("state", mapped ? "present" : "unmapped");
    page.put("generation", mapped ? tick : 0);
    page.put("writable", mapped);
    page.put("dirty", false);
    page.put("holders", mapped ? List.of(holder(at)) : List.of());
    page.put("fenceId", null);
    return page;
  }

  static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }
}
