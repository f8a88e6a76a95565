import { useMemo } from "react";

/** Text with the searched words marked. */
export function Highlight({ text, words }: { text: string; words: string[] }) {
  const parts = useMemo(() => {
    if (!words.length) return [text];
    const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    return text.split(new RegExp(`(${pattern})`, "gi"));
  }, [text, words]);
  if (parts.length === 1) return <>{text}</>;
  return (
    <>
      {parts.map((part, index) => (index % 2 ? <mark key={index}>{part}</mark> : part))}
    </>
  );
}
