/** Who mirrors what: the subscriptions that an invalidation has to find. Pure. */
@NullMarked
package dev.fenceline.host.engine.notifier;

import org.jspecify.annotations.NullMarked;
