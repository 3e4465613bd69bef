import { getSystemErrorMap } from 'node:util';

/** What a system call does to its path, in the words of a message. */
const ACTIONS: Readonly<Record<string, string>> = {
  access: 'checking',
  copyfile: 'copying',
  fsync: 'writing',
  ftruncate: 'writing',
  link: 'linking',
  lstat: 'checking',
  mkdir: 'creating folder',
  mkdtemp: 'creating folder',
  open: 'opening',
  opendir: 'listing folder',
  read: 'reading',
  readlink: 'reading link',
  realpath: 'checking',
  rename: 'renaming',
  rm: 'deleting',
  rmdir: 'deleting folder',
  scandir: 'listing folder',
  spawn: 'starting',
  spawnSync: 'starting',
  stat: 'checking',
  symlink: 'linking',
  unlink: 'deleting',
  write: 'writing',
};

const FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it already exists',
  EISDIR: 'it is a folder, expected a file',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTEMPTY: 'the folder is not empty',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
};

/**
 * Describes an error of the operating system in one line, such as `creating folder /x: permission denied (EACCES)`.
 * Null for any other error.
 */
export function systemErrorText(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { errno, code, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  if (typeof errno !== 'number' || code === undefined || syscall === undefined) return null;
  const [name = '', ...program] = syscall.split(' ');
  const target = path ?? program.join(' ');
  const action = [ACTIONS[name] ?? name, target, ...(dest === undefined ? [] : ['to', dest])].filter(Boolean).join(' ');
  const fault = FAULTS[code] ?? getSystemErrorMap().get(errno)?.[1] ?? 'failed';
  return `${action}: ${fault} (${code})`;
}
