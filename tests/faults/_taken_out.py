"""What can be taken out of the packages so that a row of the fault matrix no longer holds.

Each is a text that stands once in its file, what is put in its place, and a test that must
notice. The words are those of the last column of the matrix (docs/reliability.md).
"""

from pathlib import PurePath
from typing import NamedTuple

LIMIT = 900.0  # seconds of a test that is not expected to hang
HANGS = 120.0  # seconds of one that is


class Change(NamedTuple):
    """A text of a file, and what is put in its place."""

    file: str
    there: str
    instead: str


class Protection(NamedTuple):
    """What protects a row.

    Attributes:
        row: Number of the row.
        words: What is taken out.
        test: The test that must fail without it, its parameters too, within ``tests/faults``.
        changes: The changes that take it out.
        limit: Seconds after which the test hangs, and has failed.
    """

    row: int
    words: str
    test: str
    changes: tuple[Change, ...]
    limit: float = LIMIT

    @property
    def told(self) -> str:
        """The words, with the names of the files."""
        files = dict.fromkeys(map(shown, (change.file for change in self.changes)))
        return f"{self.words} ({', '.join(f'`{file}`' for file in files)})"


def shown(file: str) -> str:
    """Return the name of a file, with its folder's where it is a package."""
    path = PurePath(file)
    return "/".join(path.parts[-2:]) if path.stem == "__init__" else path.name


def out(row: int, words: str, test: str, *changes: tuple[str, str, str], limit: float = LIMIT):
    """Return a protection."""
    return Protection(row, words, test, tuple(Change(*change) for change in changes), limit)


# fmt: off
PROTECTIONS = (
    out(1, "the claims of others are not looked at",
        "test_01_killed_writes.py::"
        "test_two_processes_with_kills_lose_nothing_and_train_nothing_twice[file]",
        ("nas_env/run/store/sqlite.py",
         "if held is not None and held[0] != self._owner and alive(*held):", "if False:")),
    out(2, "the old checkpoints are deleted before the new one is there",
        "test_02_killed_checkpoints.py::test_a_kill_at_any_step_of_writing_leaves_a_checkpoint",
        ("nas_env/run/states.py", '    digest, name = hashlib.sha256(), f"{number:09d}"\n',
         '    for path in folder.iterdir():\n        path.unlink()\n'
         '    digest, name = hashlib.sha256(), f"{number:09d}"\n')),
    out(3, "the length is not compared",
        "test_03_truncation.py::test_a_store_that_is_cut_off",
        ("nas_env/run/store/_file.py",
         "_format.check_size(self.connection, Path(self.address))", "pass")),
    out(3, "the children are not compared",
        "test_03_damaged_runs.py::test_an_older_backup_of_the_store_is_not_taken_without_a_word",
        ("nas_env/search/history.py",
         "if each.run == name and each.children > known:", "if False:")),
    out(3, "the checkpoints of lost children are kept",
        "test_03_damaged_runs.py::test_a_search_in_order_of_arrival_goes_on_after_a_recovery",
        ("nas_env/search/history.py", "forget_checkpoints_after(folder, known)", "pass"),
        limit=HANGS),
    out(3, "only the pages that a table leads to are read",
        "test_03_truncation.py::test_a_page_that_is_gone_hides_no_other",
        ("nas_env/run/store/_salvage.py", "(*sorted(reached), *sorted(loose))", "sorted(reached)")),
    out(4, "the checksums of evaluations",
        "test_04_bit_rot.py::test_flips_in_a_store",
        ("nas_env/run/store/_base.py",
         "return self.checksum == _checksum(self.key, self.request, self.evaluation)",
         "return True")),
    out(4, "the checksums of episodes",
        "test_04_bit_rot.py::test_flips_in_a_store",
        ("nas_env/run/store/sqlite.py",
         "whole = not self._file.checked or kept == _format.episode_checksum(*episode)",
         "whole = True")),
    out(4, "the check of pages",
        "test_04_bit_rot.py::test_a_page_that_says_that_it_has_fewer_rows",
        ("nas_env/run/store/sqlite.py", "_format.check_pages(self._file.connection)", "pass")),
    out(4, "the hash of tensors",
        "test_04_bit_rot.py::test_flips_in_a_checkpoint[.safetensors]",
        ("nas_env/run/states.py",
         'if whole and manifest["tensors_sha256"] == hashlib.sha256(content).hexdigest():',
         "if whole:")),
    out(4, "the hash of a manifest",
        "test_04_bit_rot.py::test_flips_in_a_checkpoint[.json]",
        ("nas_env/run/states.py", 'whole = manifest.pop("sha256") == _digest(manifest)',
         'whole = bool(manifest.pop("sha256"))')),
    out(5, "a plain `BEGIN`",
        "test_05_two_processes.py::test_four_processes_insert_into_one_store",
        ("nas_env/run/store/_file.py", '"BEGIN IMMEDIATE"', '"BEGIN"')),
    out(5, "no patience",
        "test_05_two_processes.py::test_who_waits_for_a_busy_store_goes_on_when_it_is_free",
        ("nas_env/run/store/_file.py",
         "if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() - since > PATIENCE:",
         "if error:")),
    out(5, "the folder is not locked",
        "test_05_two_processes.py::"
        "test_a_second_driver_is_refused_and_a_dead_one_is_not_waited_for",
        ("nas_env/run/folder.py", "fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)",
         "pass")),
    out(6, "the kernel's count is not looked at",
        "test_06_out_of_memory.py::"
        "test_what_the_kernel_killed_for_memory_is_told_from_what_someone_killed",
        ("nas_env/evaluation/_slot.py", "kills_for_memory() > kills:", "False:")),
    out(6, "a worker that a child has spoiled is kept",
        "test_06_out_of_memory.py::"
        "test_the_next_child_is_trained_as_in_a_fresh_process[spoil-failed]",
        ("nas_env/evaluation/_slot.py",
         "            if not evaluation.is_fact:\n                self.close()\n",
         "            if not evaluation.is_fact:\n")),
    out(7, "the looks at the loss and at the accuracy, since one of both suffices",
        "test_07_diverging_children.py::test_a_batch_without_numbers",
        ("nas_env/training/images.py", "if not math.isfinite(loss):", "if False:"),
        ("nas_env/training/images.py", "if math.isnan(scores.accuracy):", "if False:")),
    out(8, "the time of a child has no limit",
        "test_08_hanging_children.py::test_a_child_that_hangs_is_stopped[sleep]",
        ("nas_env/evaluation/_worker.py",
         "until = None if limit is None else time.monotonic() + limit", "until = None"),
        limit=HANGS),
    out(8, "the reading of data has no limit",
        "test_08_hanging_children.py::test_data_whose_reading_hangs_is_given_up",
        ("nas_env/evaluation/_worker.py",
         "self._receive(time.monotonic() + READING, late)", "self._receive(None, late)"),
        limit=HANGS),
    out(8, "`os.kill` for `os.killpg`",
        "test_08_hanging_children.py::test_what_a_child_has_started_ends_with_it[somebody]",
        ("nas_env/evaluation/_forking.py", "os.killpg(process, signal.SIGKILL)",
         "os.kill(process, signal.SIGKILL)"),
        limit=HANGS),
    out(9, "`faulthandler` is off",
        "test_09_dying_children.py::test_a_crash_says_where",
        ("nas_env/evaluation/_worker.py", "faulthandler.enable()", "faulthandler.disable()")),
    out(9, "the output of a worker is not kept",
        "test_09_dying_children.py::test_the_last_words_of_a_child_are_kept_with_its_evaluation",
        ("nas_env/evaluation/_forking.py", "        words.become_output()\n", "")),
    out(9, "no second try",
        "test_09_dying_children.py::"
        "test_a_child_whose_worker_is_killed_from_outside_is_tried_once_more",
        ("nas_env/evaluation/_slot.py",
         "if place.written() <= before and not (self._killed and again):",
         "if place.written() <= before:"), limit=HANGS),
    out(10, "the state of the agent's own generator is not restored",
        "test_10_killed_searches.py::test_every_agent_goes_on_bit_by_bit[controller_ppo]",
        ("agents/_controller/trained.py",
         'self.generator.set_state(tensors["generator"])', "pass")),
    out(10, "those of the global generators are not",
        "test_10_killed_searches.py::test_every_agent_goes_on_bit_by_bit[ppo]",
        ("agents/_sb3/randomness.py", 'self._torch = tensors["torch"].clone()', "pass")),
    out(10, "the history in the order `finished` is not gone through again",
        "test_10_killed_searches.py::"
        "test_kills_leave_one_history[a checkpoint each time-reinforce]",
        ("nas_env/search/loop.py",
         "known = self.problem.store.episodes()[len(self.records) :]", "known = []"),
        limit=HANGS),
    out(11, "SIGTERM is not handled",
        "test_11_signals.py::test_a_child_that_would_take_hours_keeps_nobody_waiting[0-SIGTERM]",
        ("nas_env/command_line/train.py",
         "signal.signal(signal.SIGTERM, signal.default_int_handler)", "pass")),
    out(11, "Ctrl-C is not caught",
        "test_11_signals.py::test_a_child_that_would_take_hours_keeps_nobody_waiting[0-Ctrl-C]",
        ("nas_env/command_line/train.py",
         "except KeyboardInterrupt:", "except ZeroDivisionError:")),
    out(11, "the workers are not killed",
        "test_11_signals.py::test_a_child_that_would_take_hours_keeps_nobody_waiting[2-Ctrl-C]",
        ("nas_env/evaluation/workers.py", "            slot.kill()\n", "            pass\n"),
        limit=HANGS),
    out(12, "a file that cannot be written is no named error",
        "test_12_full_disk.py::test_checkpoints_that_do_not_fit_leave_the_one_before",
        ("nas_env/files.py",
         'raise NASError(f"{path} cannot be written: {error.strerror}") from error', "raise")),
    out(12, "an error of SQLite is none",
        "test_12_full_disk.py::test_a_shared_store_that_is_full_loses_nothing",
        ("nas_env/run/store/_file.py",
         'raise self.refused(error, "cannot be used") from error', "raise")),
    out(12, "the errors of a tracker are not caught",
        "test_12_full_disk.py::test_a_tracker_that_is_full_is_switched_off[tensorboard]",
        ("nas_env/tracking/_trackers.py",
         "            except Exception as error:\n                self._trackers.remove",
         "            except ZeroDivisionError as error:\n                self._trackers.remove")),
    out(12, "those of a picture are not",
        "test_12_full_disk.py::test_a_picture_that_does_not_fit_ends_nothing",
        ("nas_env/search/observers.py",
         "except NASError as error:", "except ZeroDivisionError as error:")),
    out(13, "the comparison of checksums",
        "test_13_changed_data.py::"
        "test_a_published_file_is_named_before_any_child[flipped-train]",
        ("nas_env/tasks/_torchvision.py", "if found != expected:", "if False:")),
    out(13, "the comparison of the contents of images",
        "test_13_changed_data.py::test_images_that_others_have_replaced_are_refused",
        ("nas_env/data/images/__init__.py",
         "if content not in (None, prepared.content):", "if False:")),
    out(13, "that of texts",
        "test_13_changed_data.py::"
        "test_data_of_ones_own_is_what_it_was_or_is_refused[a text-flipped]",
        ("nas_env/data/text/__init__.py", "if found.content != content:", "if False:")),
    out(14, "no `teardown` after the death of W&B's process",
        "test_14_wandb.py::test_its_process_dies_in_mid_run",
        ("nas_env/tracking/wandb.py", "wandb.teardown()", "pass")),
    out(14, "its server is not tried before",
        "test_14_wandb.py::test_nobody_is_there_at_its_address",
        ("nas_env/tracking/wandb.py",
         "if wandb.login(prompt=False, verify=True):", "if mode:")),
    out(15, "the look at triggers and views",
        "test_15_poisoned_files.py::"
        "test_a_database_with_more_than_our_tables_is_refused_and_left_alone"
        "[open_store-evaluations-a trigger]",
        ("nas_env/run/store/_format.py", "if other:", "if False:")),
    out(15, "the size of tensors",
        "test_15_poisoned_files.py::"
        "test_tensors_of_a_checkpoint_are_no_larger_than_the_file[[1000000000000]]",
        ("nas_env/run/states.py",
         'if math.prod(shape) * types[each["dtype"]].itemsize != end - start:', "if False:")),
    out(15, "objects in arrays are refused, and not unpickled",
        "test_15_poisoned_files.py::"
        "test_no_file_runs_code_wherever_it_is_given[--task.path of images-npz]",
        ("nas_env/data/images/_arrays.py", "if member.dtype.hasobject:", "if False:"),
        ("nas_env/data/images/_members.py", "read_array(stream, allow_pickle=False)",
         "read_array(stream, allow_pickle=True)")),
    out(16, "a name twice in a table",
        "test_16_archives.py::test_what_is_wrong_with_a_table_is_named[a name twice]",
        ("nas_env/table/_arrays.py", "if len(entries) < len(file.infolist()):", "if False:")),
    out(16, "the size of all its arrays",
        "test_16_archives.py::test_what_is_wrong_with_a_table_is_named[a bomb]",
        ("nas_env/table/_arrays.py",
         "if (size := sum(entry.file_size for entry in entries.values())) > LARGEST:",
         "if False:")),
    out(16, "a name twice among images",
        "test_16_archives.py::test_no_npz_is_unpacked[a name twice]",
        ("nas_env/data/images/_members.py", "if len({*names}) < len(names):", "if False:")),
    out(16, "the size of labels",
        "test_16_archives.py::test_labels_have_a_limit",
        ("nas_env/data/images/_arrays.py", "if size > LABELS:", "if False:")),
    out(16, "the look at names that are sent",
        "test_16_archives.py::test_what_is_sent_to_a_node_stays_in_its_folder[../above]",
        ("nas_env/evaluation/_ray_data.py",
         "if not place.resolve().is_relative_to(folder.resolve()):\n"
         '            raise InvalidValue(f"a file', "if False:\n"
         '            raise InvalidValue(f"a file')),
    out(17, "the form of a checkpoint's header",
        "test_17_malformed_files.py::test_no_file_of_a_format_does_harm[checkpoints]",
        ("nas_env/run/states.py", 'check_form(each, TENSOR, f"{name}.")', "pass")),
    out(17, "the limit of a message",
        "test_17_malformed_files.py::test_a_message_is_short_whatever_was_given",
        ("search_spaces/_errors.py",
         'return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"', "return text")),
    out(17, "the types of a table's columns",
        "test_17_malformed_files.py::test_whole_numbers_of_a_table_are_none_else",
        ("nas_env/table/_entries.py",
         'if found.dtype.kind not in "iu" or '
         "(found.size and found.max() > np.iinfo(np.int64).max):", "if False:")),
    out(18, "`check_depth`",
        "test_18_configurations.py::"
        "test_bad_input_gets_one_clear_line[--env NK-24-4-v0 --depth.first 2]",
        ("nas_env/command_line/train.py",
         "check_depth(arguments.depth, problem.space)", "pass")),
    out(18, "`verify_space`",
        "test_18_configurations.py::test_bad_input_gets_one_clear_line[--space recurrent_cell]",
        ("nas_env/command_line/train.py", "problem.verify_space()", "pass")),
    out(18, "a key may stand twice",
        "test_18_configurations.py::"
        "test_a_config_that_is_no_runs_is_one_line_with_file_and_key[a key twice]",
        ("search_spaces/_json.py", "if key in found:", "if False:")),
    out(18, "the size of a configuration",
        "test_18_configurations.py::"
        "test_a_config_that_is_no_runs_is_one_line_with_file_and_key[huge]",
        ("nas_env/files.py", "if (size := path.stat().st_size) > most:", "if False:")),
    out(19, "the look at links",
        "test_19_names_and_paths.py::"
        "test_a_link_in_a_runs_folder_is_refused_before_anything_is_written[checkpoint]",
        ("nas_env/run/folder.py", "if path.is_symlink():", "if False:")),
    out(19, "the look at control characters",
        "test_19_names_and_paths.py::test_a_run_of_python_is_checked_as_well",
        ("nas_env/run/paths.py",
         "if found := UNSHOWABLE.get(unicodedata.category(character)):", 'if found := "":')),
    out(19, "the length of a name",
        "test_19_names_and_paths.py::test_a_run_to_resume_that_cannot_be",
        ("nas_env/run/paths.py", "if longest > most:", "if False:")),
    out(19, "the names of what may be deleted",
        "test_19_names_and_paths.py::test_only_what_is_its_own_is_deleted_beside_a_checkpoint",
        ("nas_env/run/states.py",
         "if path.stem not in whole and OWN.fullmatch(path.name):",
         "if path.stem not in whole:")),
    out(19, "the look at the names of a listing",
        "test_19_names_and_paths.py::"
        "test_names_in_a_listing_of_images_lead_nowhere[../outside.png]",
        ("nas_env/data/images/_listing.py",
         'if os.path.isabs(file) or ".." in file.split("/"):', "if False:")),
    out(20, "the password stays in the address, and in messages",
        "test_20_secrets.py::test_the_password_of_a_server_is_in_no_message_and_no_file",
        ("nas_env/run/store/_address.py", "    return address.shown\n", "    return str(where)\n"),
        ("nas_env/run/store/_address.py",
         r"""return _QUERY.sub(r"\1…", _USER.sub(r"\1@", text))""", "return text")),
    out(20, "W&B keeps what it knows of the machine and the command",
        "test_20_secrets.py::test_no_secret_is_in_any_file_or_word",
        ("nas_env/tracking/wandb.py", "x_disable_meta=True", "x_disable_meta=False"),
        ("nas_env/tracking/wandb.py",
         "x_disable_machine_info=True", "x_disable_machine_info=False")),
    out(21, "the format is not looked at",
        "test_21_older_stores.py::test_a_store_of_a_later_format_is_refused_and_left_alone",
        ("nas_env/run/store/_format.py",
         "if names and number not in (BEFORE, FORMAT):", "if False:")),
    out(21, "no transaction around the change of format",
        "test_21_older_stores.py::test_a_kill_while_it_is_brought_to_the_next_changes_nothing",
        ("nas_env/run/store/_file.py", "with self._transaction():", "if True:")),
    out(22, "the largest filters",
        "test_22_any_architecture.py::"
        "test_what_is_too_large_is_refused_before_anything_is_allocated"
        "[{'name': 'convolutional', 'layers': 2, 'filters': [1000000000]}]",
        ("search_spaces/convolutional/__init__.py", "if max(options) > most[name]:", "if False:")),
)
