import { createContext } from "preact";
import { useContext } from "preact/hooks";

/**
 * Whether the reader may read what the statements of the capture at hand say: in records, downloads and examples. A viewer of its
 * environment may not. True while that is not known: the service refuses what they may not read.
 */
export const ReadsStatements = createContext(true);

/** Whether the reader may read what the statements of the capture say whose page this is. */
export const useReadsStatements = (): boolean => useContext(ReadsStatements);
