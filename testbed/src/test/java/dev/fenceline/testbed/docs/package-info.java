/** What the documentation says, held against the tree. */
@NullMarked
package dev.fenceline.testbed.docs;

import org.jspecify.annotations.NullMarked;
