#!/usr/bin/env bash
#SBATCH --job-name=nas
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@300
#SBATCH --requeue
#
# A search on the nodes of a Slurm job, whose first node runs the search too:
#
#   sbatch examples/cluster/slurm.sh runs/cifar10 --env NAS-CIFAR10-v0 --device cuda --children 12800 \
#       --evaluator.gpus-per-child 0.25 --order finished
#
# The run's folder lies on a disk that the nodes share. Five minutes before the job's time is over it is
# queued again, as it is when a node of it fails; it then resumes the run, and so does the same command.
set -euo pipefail

run=$1
shift
port=$((20000 + SLURM_JOB_ID % 20000))
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}

# Other users' jobs may share the network: without the token nobody joins. It stands in a file that
# this user alone can read, and on no command line.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$HOME/.ray/auth_token RAY_USAGE_STATS_ENABLED=0
[[ -s $RAY_AUTH_TOKEN_PATH ]] || (umask 077 && ray get-auth-token --generate > /dev/null)

# Each step ends with the job, and Ray's processes with their step.
srun --nodes=1 --ntasks=1 --overlap --nodelist="$head" \
    ray start --head --node-ip-address="$head" --port="$port" --include-dashboard=false \
    --num-cpus="$SLURM_CPUS_PER_TASK" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" --block &
for node in "${nodes[@]:1}"; do
    srun --nodes=1 --ntasks=1 --overlap --nodelist="$node" \
        ray start --address="$head:$port" \
        --num-cpus="$SLURM_CPUS_PER_TASK" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" --block &
done

export RAY_ADDRESS=$head:$port
until ray status > /dev/null 2>&1; do sleep 2; done

if [[ -e $run/config.json ]]; then
    nas-train --run "$run" --resume &
else
    nas-train --run "$run" --evaluator ray "$@" &
fi
search=$!
trap 'kill $search; scontrol requeue "$SLURM_JOB_ID"' TERM
wait $search
