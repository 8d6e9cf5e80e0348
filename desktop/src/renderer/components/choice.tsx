interface ChoiceProps<V extends string> {
  readonly label: string;
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly name: string }[];
  readonly onChoose: (value: V) => void;
}

/** One of a few, side by side. */
export function Choice<V extends string>({ label, value, options, onChoose }: ChoiceProps<V>) {
  return (
    <fieldset className="flex" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChoose(option.value)}
          className={`-ml-px h-7 border px-2 whitespace-nowrap first:ml-0 first:rounded-l-md last:rounded-r-md ${option.value === value ? 'bg-selected text-ink' : 'bg-surface text-soft hover:bg-hover'}`}
        >
          {option.name}
        </button>
      ))}
    </fieldset>
  );
}
