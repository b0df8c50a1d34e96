/** What callers wish of ranges: where pages should be, and who may move them. Pure. */
@NullMarked
package dev.fenceline.host.engine.attribute;

import org.jspecify.annotations.NullMarked;
