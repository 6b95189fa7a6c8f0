import { createContext } from "preact";
import { useContext } from "preact/hooks";

/**
 * Whether the reader may read what the statements of the capture at hand say: in records, downloads and examples. A viewer of its
 * environment may not. True while that is not known: the service refuses what is asked for too much.
 */
export const ReadsStatements = createContext(true);

/** The same, of the capture whose page it is. */
export const useReadsStatements = (): boolean => useContext(ReadsStatements);
