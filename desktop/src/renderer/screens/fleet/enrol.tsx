import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useApi } from '../../api/api-context.tsx';
import { Failure } from '../../components/answer.tsx';
import { Button } from '../../components/button.tsx';
import { CopyCommand } from '../../components/copy-command.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useMayDo } from '../../session/session-context.tsx';
import { text } from '../../text/text.ts';

const words = text.fleet;

/** A button that makes a one-time enrolment token and shows the commands that use it. */
export function Enrol() {
  const { client } = useApi();
  const allowed = useMayDo('admin');
  const enrolment = useMutation({ mutationFn: () => client.call('createEnrolment', {}) });
  return (
    <>
      <Button
        disabled={!allowed || enrolment.isPending}
        title={allowed ? undefined : text.notAllowed('admin')}
        onClick={() => enrolment.mutate()}
      >
        <Plus size={14} aria-hidden />
        {words.enrol}
      </Button>
      <Dialog
        title={words.enrol}
        open={enrolment.data !== undefined || enrolment.isError}
        onClose={() => enrolment.reset()}
      >
        {enrolment.isError && <Failure error={enrolment.error} />}
        {enrolment.data && (
          <div className="flex flex-col items-start gap-3 p-4">
            <p className="text-soft">{words.enrolHint}</p>
            <CopyCommand command={words.enrolCommand(enrolment.data.token)} />
            <CopyCommand command={words.runCommand} />
          </div>
        )}
      </Dialog>
    </>
  );
}
