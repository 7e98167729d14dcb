export declare const initialBytesMax: number
export declare function initialDownload(directory: string): { bytes: number; files: number }
