package dev.fenceline.model;

/**
 * Consecutive pages of one device's memory, named by the migration that filled them; immutable.
 *
 * @param firstLocalPage the first one's number within the device
 */
public record LocalPages(int deviceIndex, long migrationId, int firstLocalPage, int pageCount) {}
