import { Link } from '@tanstack/react-router';
import { Empty } from '../components/answer.tsx';
import { text } from '../text/text.ts';

/** Where an address leads to nothing. */
export function NotFound() {
  return (
    <Empty title={text.frame.notFound}>
      <p>{text.frame.notFoundHint}</p>
      <Link to="/fleet" className="text-accent underline">
        {text.frame.toFleet}
      </Link>
    </Empty>
  );
}
